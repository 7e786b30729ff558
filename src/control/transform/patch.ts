// Patches: values that are set in, or keys that are removed from, every mapping that a selector finds; a list of values is
// appended to every list it finds. Patches come from flags or from patch files.
import { isMap, isSeq } from 'yaml';
import { findForbiddenKey, isForbiddenKey, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Path, Problem } from '../file/diagnostics.ts';
import type { SourceText } from '../file/sources.ts';
import { selectNodes } from './select.ts';
import { createNode, nameOf, setIn, type Tree } from './tree.ts';

export interface Patch {
  readonly selectors: readonly string[];
  readonly values: JsonObject | readonly Json[];
  readonly remove: readonly string[];
}

export function applyPatch(tree: Tree, { selectors, values, remove }: Patch): void {
  if (Object.keys(values).length === 0 && remove.length === 0) return;
  for (const node of selectNodes(tree, selectors)) {
    if (Array.isArray(values)) {
      if (isSeq(node)) for (const value of values) node.add(createNode(tree, value));
    } else if (isMap(node)) {
      for (const [key, value] of Object.entries(values)) setIn(tree, node, key, value);
      node.items = node.items.filter((pair) => !remove.includes(nameOf(pair)));
    }
  }
}

export type ParsedValues =
  | { readonly ok: true; readonly values: JsonObject; readonly remove: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** `key:json` sets a value, `key:` removes the key. */
export function parseValues(flags: readonly string[]): ParsedValues {
  const values: JsonObject = {};
  const remove: string[] = [];
  for (const flag of flags) {
    const colon = flag.indexOf(':');
    const key = flag.slice(0, colon).trim();
    if (colon < 0 || key === '') return { ok: false, message: `'${flag}' is not of the form key:json` };
    if (isForbiddenKey(key)) return forbidden(key);
    const text = flag.slice(colon + 1).trim();
    if (text === '') {
      remove.push(key);
      continue;
    }
    try {
      values[key] = JSON.parse(text) as Json;
    } catch {
      // JSON.parse's own words name an offset in a text the user cannot see.
      return { ok: false, message: `the value of '${key}' is not JSON: ${text}` };
    }
    const inside = findForbiddenKey(values[key]);
    if (inside !== undefined) return forbidden(inside);
  }
  return { ok: true, values, remove };
}

const forbidden = (key: string): ParsedValues => ({ ok: false, message: `the key '${key}' is not allowed` });

export type ParsedPatches =
  | { readonly ok: true; readonly patches: readonly Patch[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A patch file: `_format_version: "1.0"` and `patches`, each with selectors, values and remove. */
export function parsePatches(source: SourceText, content: JsonObject): ParsedPatches {
  const problems: Problem[] = [];
  const report = (path: Path, message: string, expected?: string): void => {
    problems.push({ source, path, message, ...(expected === undefined ? {} : { expected }) });
  };
  checkVersion(content['_format_version'], report);
  const list = content['patches'];
  if (!Array.isArray(list)) report(['patches'], "'patches' must be a list", 'patches: [{selectors: […], values: {…}}]');
  const patches = (Array.isArray(list) ? list : []).map((item, i) => parsePatch(item, ['patches', i], report));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, patches };
}

type Report = (path: Path, message: string, expected?: string) => void;

/** Of patch files and plugin files, which are numbered apart from state files. */
export function checkVersion(version: Json | undefined, report: Report): void {
  // YAML reads an unquoted 1.0 as the number 1.
  if (version !== undefined && /^1(?:\.\d+)?$/.test(String(version))) return;
  report(['_format_version'], "'_format_version' must be a version 1", '_format_version: "1.0"');
}

export function textsOf(value: Json | undefined, fallback: readonly string[], path: Path, report: Report): string[] {
  if (value === undefined || value === null) return [...fallback];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  report(path, `'${path.at(-1)}' must be a list of texts`);
  return [];
}

function parsePatch(item: Json, path: Path, report: Report): Patch {
  if (!isObject(item)) {
    report(path, 'a patch must be a mapping');
    return { selectors: [], values: {}, remove: [] };
  }
  const selectors = textsOf(item['selectors'], ['$'], [...path, 'selectors'], report);
  const remove = textsOf(item['remove'], [], [...path, 'remove'], report);
  const values = item['values'] ?? {};
  if (!isObject(values) && !Array.isArray(values)) {
    report([...path, 'values'], "'values' must be a mapping, or a list to append");
    return { selectors, values: {}, remove };
  }
  for (const key of remove) {
    if (isObject(values) && Object.hasOwn(values, key)) {
      report([...path, 'values', key], `'${key}' is set and removed by the same patch`);
    }
  }
  return { selectors, values, remove };
}
