// The configured rules, compiled: pairs split and templates parsed once. A list without templates renders to itself.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { PluginConfig } from '../../pdk/index.ts';
import type { Source } from './expression.ts';
import { type schema, splitPair } from './schema.ts';
import { compileTemplate, type Scope, type Template } from './template.ts';

type Config = PluginConfig<typeof schema>;

/** Byte text, both. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** What to do with one part of the request, ready to be done. */
export interface Rules {
  readonly remove: readonly string[];
  readonly rename: readonly Pair[];
  readonly replace: readonly Pair[];
  readonly add: readonly Pair[];
  readonly append: readonly Pair[];
}

export interface RuleSet {
  readonly isEmpty: boolean;
  /** Undefined when a template failed. */
  render(scope: Scope): Rules | undefined;
}

const ACTIONS = ['rename', 'replace', 'add', 'append'] as const;
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]/g;

export function compileRules(config: Config, part: 'headers' | 'querystring' | 'body', uses: Set<Source>): RuleSet {
  const remove = config.remove[part].map((entry) => utf8ToBytes(splitPair(entry)[0])).filter((name) => name !== '');
  const encode = part === 'headers' ? escapeControls : undefined;
  const lists = ACTIONS.map((action) => compilePairs(config[action][part], uses, encode));
  const isConstant = lists.every((list) => list.constant !== undefined);
  const assemble = ([rename = [], replace = [], add = [], append = []]: readonly (readonly Pair[])[]): Rules => ({
    remove,
    rename,
    replace,
    add,
    append,
  });
  const constant = isConstant ? assemble(lists.map((list) => list.constant!)) : undefined;
  return {
    isEmpty: remove.length === 0 && lists.every((list) => list.isEmpty),
    render(scope) {
      if (constant !== undefined) return constant;
      const rendered: (readonly Pair[])[] = [];
      for (const list of lists) {
        const pairs = list.render(scope);
        if (pairs === undefined) return undefined;
        rendered.push(pairs);
      }
      return assemble(rendered);
    },
  };
}

interface PairList {
  readonly isEmpty: boolean;
  readonly constant: readonly Pair[] | undefined;
  render(scope: Scope): readonly Pair[] | undefined;
}

/** Pairs without a value do nothing and are left out. */
function compilePairs(
  entries: readonly string[],
  uses: Set<Source>,
  encode: ((value: string) => string) | undefined,
): PairList {
  const pairs: { name: string; template: Template }[] = [];
  for (const entry of entries) {
    const [name, text] = splitPair(entry);
    if (name !== '' && text !== '') pairs.push({ name: utf8ToBytes(name), template: compile(text, uses) });
  }
  const isConstant = pairs.every(({ template }) => template.constant !== undefined);
  const constant = isConstant
    ? pairs.map(({ name, template }) => ({ name, value: encode?.(template.constant!) ?? template.constant! }))
    : undefined;
  return {
    isEmpty: pairs.length === 0,
    constant,
    render(scope) {
      if (constant !== undefined) return constant;
      const rendered: Pair[] = [];
      for (const { name, template } of pairs) {
        const value = template.render(scope);
        if (value === undefined) return undefined;
        rendered.push({ name, value: encode?.(value) ?? value });
      }
      return rendered;
    },
  };
}

/** Control characters that a template took from the request: a header value cannot have them. */
const escapeControls = (value: string): string =>
  value.replace(CONTROLS, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** Throws for what the schema would have refused. */
export function compile(text: string, uses: Set<Source>): Template {
  const template = compileTemplate(text);
  if (!template.ok) throw new Error(`value '${text}' is not in supported format, error:${template.reason}`);
  for (const source of template.uses) uses.add(source);
  return template;
}
