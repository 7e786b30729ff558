// An OpenAPI document as something to ask: values behind local references, the x-kong-… extensions of an object, and mistakes
// noted with their path. OpenAPI 3.0 and 3.1 differ in their schemas only, which are handed on as they are.
import { cloneJson, isForbiddenKey, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';

export interface SpecProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

export interface Spec {
  readonly root: JsonObject;
  readonly problems: SpecProblem[];
  report(path: Path, message: string, hint?: string): void;
  /** The value, or what its `$ref` points to. */
  resolve(value: Json | undefined, path: Path): Json | undefined;
  /** The same where nothing depends on it, so that nothing is reported. */
  peek(value: Json | undefined): Json | undefined;
  /** A copy of `x-kong-…` of an object; undefined when it is not there. */
  extension(object: JsonObject, name: string, path: Path): JsonObject | undefined;
}

const MAX_STEPS = 64;
/** Where parts shared by x-kong-… extensions live. */
const SHARED = '#/components/x-kong/';

export function createSpec(root: JsonObject): Spec {
  const problems: SpecProblem[] = [];
  const told = new Set<string>();
  const report: Spec['report'] = (path, message, hint) => {
    // What several operations have in common is read for each of them.
    const key = JSON.stringify([path, message]);
    if (told.has(key)) return;
    told.add(key);
    problems.push({ path, message, ...(hint === undefined ? {} : { hint }) });
  };
  const resolve: Spec['resolve'] = (value, path) => {
    const { found, wrong, at = path } = lookUp(root, value, path);
    if (wrong !== undefined) report(at, wrong);
    return found;
  };
  return {
    root,
    problems,
    report,
    resolve,
    peek: (value) => lookUp(root, value, []).found,
    extension(object, name, path) {
      const written = object[name];
      if (written === undefined || written === null) return undefined;
      const at = [...path, name];
      if (isObject(written) && typeof written['$ref'] === 'string' && !written['$ref'].startsWith(SHARED)) {
        report([...at, '$ref'], `references of ${name} must lead to ${SHARED}…`);
        return undefined;
      }
      const value = resolve(written, at);
      if (isObject(value)) return cloneJson(value);
      if (value !== undefined) report(at, `'${name}' must be a mapping`);
      return undefined;
    },
  };
}

interface Found {
  readonly found: Json | undefined;
  readonly wrong?: string;
  readonly at?: Path;
}

function lookUp(root: JsonObject, value: Json | undefined, path: Path): Found {
  let current = value;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (!isObject(current) || typeof current['$ref'] !== 'string') return { found: current };
    const pointer = current['$ref'];
    current = follow(root, pointer);
    if (current === undefined)
      return { found: undefined, wrong: `'${pointer}' leads nowhere in this document`, at: [...path, '$ref'] };
  }
  return { found: undefined, wrong: 'the reference leads in a circle' };
}

/** What a local pointer such as `#/components/schemas/Order` leads to. */
export function follow(root: JsonObject, pointer: string): Json | undefined {
  if (!pointer.startsWith('#/')) return undefined;
  let current: Json | undefined = root;
  for (const part of pointer.slice(2).split('/')) {
    const key = keyOf(part);
    if (isForbiddenKey(key)) return undefined;
    if (Array.isArray(current)) current = current[Number(key)];
    else if (isObject(current) && Object.hasOwn(current, key)) current = current[key];
    else return undefined;
  }
  return current;
}

/** What a part of a pointer stands for. Percent signs that encode nothing are themselves. */
export function keyOf(part: string): string {
  let plain = part;
  try {
    plain = decodeURIComponent(part);
  } catch {
    // It is no encoding, so it is taken as it stands.
  }
  return plain.replaceAll('~1', '/').replaceAll('~0', '~');
}

export function textsAt(spec: Spec, value: Json | undefined, path: Path): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  spec.report(path, `'${path.at(-1)}' must be a list of texts`);
  return undefined;
}

export function textAt(spec: Spec, value: Json | undefined, path: Path): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (value !== undefined && value !== null) spec.report(path, `'${path.at(-1)}' must be a text`);
  return undefined;
}
