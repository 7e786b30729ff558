// The configured rules, read once. `name:value` divides at the first run of colons; a pair without a value does nothing.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Json } from '../../lib/json.ts';
import type { PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export interface HeaderPair {
  readonly name: string;
  readonly value: string;
}

export interface MemberPair {
  readonly name: string;
  /** JSON. */
  readonly value: string;
}

export interface HeaderRules {
  readonly remove: readonly string[];
  readonly rename: readonly HeaderPair[];
  readonly replace: readonly HeaderPair[];
  readonly add: readonly HeaderPair[];
  readonly append: readonly HeaderPair[];
}

export interface JsonRules {
  readonly remove: readonly string[];
  readonly rename: readonly { readonly name: string; readonly value: string }[];
  readonly replace: readonly MemberPair[];
  readonly add: readonly MemberPair[];
  readonly append: readonly MemberPair[];
}

/** Undefined when there is no rule. */
export function headerRules({ remove, rename, replace, add, append }: Config): HeaderRules | undefined {
  return unlessEmpty({
    remove: remove.headers.map((text) => utf8ToBytes(divide(text).name)),
    rename: headerPairs(rename.headers),
    replace: headerPairs(replace.headers),
    add: headerPairs(add.headers),
    append: headerPairs(append.headers),
  });
}

/** Undefined when there is no rule. */
export function jsonRules({ remove, rename, replace, add, append }: Config): JsonRules | undefined {
  return unlessEmpty({
    remove: remove.json.map((text) => divide(text).name),
    rename: pairs(rename.json),
    replace: memberPairs(replace),
    add: memberPairs(add),
    append: memberPairs(append),
  });
}

const unlessEmpty = <R extends object>(rules: R): R | undefined =>
  Object.values(rules).some((list: readonly unknown[]) => list.length > 0) ? rules : undefined;

function divide(text: string): HeaderPair {
  const at = text.indexOf(':');
  if (at < 0) return { name: text, value: '' };
  return { name: text.slice(0, at), value: text.slice(at).replace(/^:+/, '') };
}

const pairs = (texts: readonly string[]): HeaderPair[] => texts.map(divide).filter(({ value }) => value !== '');

const headerPairs = (texts: readonly string[]): HeaderPair[] =>
  pairs(texts).map(({ name, value }) => ({ name: utf8ToBytes(name), value: utf8ToBytes(value) }));

type ValueType = 'boolean' | 'number' | 'string';

/** The n-th type is that of the n-th value; a text that is no number where one is wanted drops its pair. */
function memberPairs(list: {
  readonly json: readonly string[];
  readonly json_types: readonly ValueType[];
}): MemberPair[] {
  return list.json.flatMap((text, index) => {
    const { name, value } = divide(text);
    const typed = value === '' ? undefined : convert(value, list.json_types[index] ?? 'string');
    return typed === undefined ? [] : [{ name, value: JSON.stringify(typed) }];
  });
}

function convert(text: string, type: ValueType): Json | undefined {
  if (type === 'boolean') return text === 'true';
  if (type === 'string') return text;
  const number = Number(text.trim() === '' ? 'none' : text);
  return Number.isFinite(number) ? number : undefined;
}
