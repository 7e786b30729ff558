// Text → plain JSON value, by the fastest reader that can: JSON.parse for JSON, js-yaml for YAML. Both are bounded: depth,
// number of nodes after aliases are expanded, no duplicate keys, no keys that could change a prototype.
import { isForbiddenKey, type Json } from '../../lib/json.ts';
import type { Path } from './diagnostics.ts';
import { scanText } from './scan.ts';
import { BOOLEAN_WORDS, INTEGER, readInteger } from './yaml-words.ts';

export type Parsed =
  | { readonly ok: true; readonly value: Json | undefined }
  /** `syntax`: only the text can tell where. `text`: it was not read at all. `value`: the place in what was read. */
  | { readonly ok: false; readonly kind: 'syntax' | 'text'; readonly message: string; readonly offset: number }
  | { readonly ok: false; readonly kind: 'value'; readonly message: string; readonly path: Path };

export const MAX_DEPTH = 64;
const MAX_NODES = 20_000_000;

/** @returns `value: undefined` for a text without content. */
export async function parseState(text: string): Promise<Parsed> {
  const first = /\S/.exec(text)?.[0];
  if (first === undefined) return { ok: true, value: undefined };
  const refusal = scanText(text);
  if (refusal !== undefined) return { ok: false, kind: 'text', ...refusal };
  if (first === '{' || first === '[') {
    const json = parseJson(text);
    if (json !== undefined) return json;
  }
  return parseYaml(text);
}

/** Undefined when the text is no JSON: YAML in flow style starts the same. */
function parseJson(text: string): Parsed | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // No JSON: the YAML reader tries next, and knows where it goes wrong.
    return undefined;
  }
  const checked = checkValue(value);
  // JSON.parse keeps the last of equal keys without a word; fewer keys in the value than in the text gives them away.
  if (checked.ok && checked.keys !== countKeys(text)) return undefined;
  return checked.ok ? { ok: true, value } : checked.failure;
}

/** How many members the objects of a JSON text have: strings that a colon follows. */
function countKeys(text: string): number {
  let keys = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    let end = at + 1;
    while (text.charCodeAt(end) !== 34) end += text.charCodeAt(end) === 92 ? 2 : 1;
    at = end + 1;
    while (text.charCodeAt(at) <= 32) at++;
    if (text.charCodeAt(at) === 58) keys++;
  }
  return keys;
}

async function parseYaml(text: string): Promise<Parsed> {
  const yaml = await import('js-yaml');
  const words = yaml.defineScalarTag<boolean>('tag:yaml.org,2002:bool', {
    implicit: true,
    implicitFirstChars: [...'tTfFyYnNoO'],
    identify: (value) => typeof value === 'boolean',
    resolve: (source) => BOOLEAN_WORDS.get(source) ?? yaml.NOT_RESOLVED,
  });
  const integers = yaml.defineScalarTag<number>('tag:yaml.org,2002:int', {
    implicit: true,
    implicitFirstChars: [...'+-0123456789'],
    identify: (value) => Number.isSafeInteger(value),
    resolve: (source) => (INTEGER.test(source) ? (readInteger(source) ?? yaml.NOT_RESOLVED) : yaml.NOT_RESOLVED),
  });
  try {
    const schema = yaml.CORE_SCHEMA.withTags(words, integers, yaml.mergeTag);
    const documents = yaml.loadAll(text, { schema, maxDepth: MAX_DEPTH });
    if (documents.length === 0) return { ok: true, value: undefined };
    if (documents.length > 1) return syntax('the file holds more than one YAML document; give each its own file', 0);
    const value = documents[0] as Json;
    if (value === null) return { ok: true, value: undefined };
    const checked = checkValue(value);
    return checked.ok ? { ok: true, value } : checked.failure;
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const { mark, reason } = error as { mark?: { position?: number }; reason?: string };
    return syntax(reason ?? 'the YAML cannot be read', mark?.position ?? 0);
  }
}

const syntax = (message: string, offset: number): Parsed => ({ ok: false, kind: 'syntax', message, offset });

type Checked = { ok: true; keys: number } | { ok: false; failure: Extract<Parsed, { ok: false }> };

/** Walks everything once; an alias counts wherever it stands, so a small text cannot unfold into a huge value. */
function checkValue(root: Json): Checked {
  let keys = 0;
  let nodes = 0;
  const path: (string | number)[] = [];
  const fail = (message: string): Checked => ({
    ok: false,
    failure: { ok: false, kind: 'value', message, path: [...path] },
  });
  const visit = (value: Json): Checked | undefined => {
    nodes++;
    if (nodes > MAX_NODES) return fail('the file unfolds into too many values');
    if (typeof value !== 'object' || value === null) {
      if (typeof value === 'number' && !Number.isFinite(value)) return fail('a number must be finite');
      return undefined;
    }
    if (path.length >= MAX_DEPTH) return fail(`values may nest ${MAX_DEPTH} deep`);
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        path.push(i);
        const wrong = visit(value[i]!);
        if (wrong !== undefined) return wrong;
        path.pop();
      }
      return undefined;
    }
    for (const key of Object.keys(value)) {
      keys++;
      path.push(key);
      if (isForbiddenKey(key)) return fail(`the key '${key}' is not allowed`);
      const wrong = visit(value[key] as Json);
      if (wrong !== undefined) return wrong;
      path.pop();
    }
    return undefined;
  };
  return visit(root) ?? { ok: true, keys };
}
