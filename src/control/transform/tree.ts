// A state file as an editable tree: comments, order and quoting survive an edit. What the loader would refuse - bad syntax,
// too deep, too large, keys that could change a prototype - is refused here too, with the same places.
import {
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  Pair,
  parseDocument,
  YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Problem } from '../file/diagnostics.ts';
import { parseState } from '../file/parse.ts';
import type { SourceText } from '../file/sources.ts';
import { SCALAR_TAGS } from '../file/yaml-words.ts';
import { createTemplates, type Templates } from './templates.ts';

export interface Tree {
  readonly source: SourceText;
  /** What was parsed: the source with marks for templates, of the same length. */
  readonly text: string;
  /** Without aliases and merge keys: each place can be edited alone. */
  readonly document: Document;
  readonly templates: Templates;
  readonly style: Style;
}

/** How the user indents. */
interface Style {
  readonly indent: number;
  readonly indentSeq: boolean;
  readonly flowCollectionPadding: boolean;
}

export type Opened = { readonly ok: true; readonly tree: Tree } | { readonly ok: false; readonly problem: Problem };

const OPTIONS = {
  version: '1.2',
  compat: 'yaml-1.1',
  merge: true,
  prettyErrors: false,
  logLevel: 'error',
  customTags: (tags: unknown[]) => [...SCALAR_TAGS, ...tags] as never,
} as const;

/** Templates that choose between texts are no YAML. */
const CHOICE = /\$\{\{-?\s*(?:if|else|end)\b/;
const CHOICE_HINT =
  '`gwctl file render --populate-env-vars` writes the file without the templates that choose between texts; only then it can be edited';

const MAX_UNFOLDED = 2_000_000;

export async function openTree(source: SourceText, templates: Templates = createTemplates()): Promise<Opened> {
  const text = templates.takeOut(source.text.replace(/^\uFEFF/, ' '));
  const parsed = await parseState(text);
  if (!parsed.ok) {
    const { message } = parsed;
    if (parsed.kind === 'value') return { ok: false, problem: { source, path: parsed.path, at: 'key', message } };
    const hint = CHOICE.test(source.text) ? { hint: CHOICE_HINT } : {};
    return { ok: false, problem: { source, offset: parsed.offset, message, isSyntax: true, ...hint } };
  }
  const value = parsed.value ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problem: { source, path: [], message: 'the file must be a mapping at its top level' } };
  }
  const style = styleOf(text);
  // JSON has no comments to keep, and read as YAML it would stay in braces.
  if (parsed.value === undefined || /^\s*\{/.test(text))
    return { ok: true, tree: { ...treeOf(source, value, templates, style), text } };
  const document = parseDocument(text, OPTIONS) as Document;
  if (!unfold(document)) return { ok: false, problem: { source, message: 'the file unfolds into too many values' } };
  return { ok: true, tree: { source, text, document, templates, style } };
}

/** A tree without a file of its own: what a command makes. */
export const treeOf = (
  source: SourceText,
  value: JsonObject,
  templates: Templates = createTemplates(),
  style: Style = { indent: 2, indentSeq: false, flowCollectionPadding: false },
): Tree => ({ source, text: source.text, document: new Document(value, OPTIONS), templates, style });

export const jsonOf = (tree: Tree): JsonObject => (tree.document.toJS({ maxAliasCount: -1 }) ?? {}) as JsonObject;

export function writeTree(tree: Tree, format: 'yaml' | 'json'): string {
  if (format === 'json') return tree.templates.putBack(`${JSON.stringify(jsonOf(tree), null, 2)}\n`, 'json');
  const text = tree.document.toString({ lineWidth: 0, blockQuote: 'literal', ...tree.style });
  return tree.templates.putBack(text, 'yaml');
}

export const createNode = (tree: Tree, value: Json): Node =>
  tree.document.createNode(value, { aliasDuplicateObjects: false });

/** The root; made when the file was empty. */
export function rootOf(tree: Tree): YAMLMap {
  const { document } = tree;
  if (!isMap(document.contents)) document.contents = new YAMLMap(document.schema);
  return document.contents as unknown as YAMLMap;
}

/** The list at `key` of a mapping; undefined when there is none. */
export function listIn(map: YAMLMap, key: string): YAMLSeq | undefined {
  const value = map.get(key, true);
  return isSeq(value) ? value : undefined;
}

/** The text of a scalar, or of a plain value; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  const plain = isScalar(value) ? value.value : value;
  return typeof plain === 'string' ? plain : undefined;
}

/** Replaces a value and keeps the comments and the quotes around it. */
export function setIn(tree: Tree, map: YAMLMap, key: string, value: Json): void {
  const pair = map.items.find((item) => nameOf(item) === key);
  const node = createNode(tree, value);
  if (pair === undefined) {
    map.add(new Pair(tree.document.createNode(key), node));
    return;
  }
  const before = pair.value;
  if (isNode(before)) {
    if (before.comment) node.comment = before.comment;
    if (before.commentBefore) node.commentBefore = before.commentBefore;
    if (isScalar(before) && isScalar(node) && typeof before.value === typeof node.value && before.type !== undefined)
      node.type = before.type;
    if ((isSeq(before) || isMap(before)) && (isSeq(node) || isMap(node)) && before.flow === true) node.flow = true;
  }
  pair.value = node;
}

function styleOf(text: string): Style {
  const nested = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- /m.exec(text);
  const indentSeq = nested === null ? false : nested[2]!.length > nested[1]!.length;
  const mapped = /^( *)[^\s#-][^\n]*:[ \t]*\n( +)[^\s#-]/m.exec(text);
  const steps = [
    mapped === null ? 0 : mapped[2]!.length - mapped[1]!.length,
    indentSeq ? nested![2]!.length - nested![1]!.length : 0,
  ].filter((step) => step >= 2 && step <= 8);
  return { indent: steps[0] ?? 2, indentSeq, flowCollectionPadding: /[:-] (?:\[ |\{ )/.test(text) };
}

/** Puts copies where aliases and merge keys stand, in the order of the text. False when that becomes too much. */
function unfold(document: Document): boolean {
  const anchors = new Map<string, Node>();
  let count = 0;
  const visit = (node: unknown): unknown => {
    if (++count > MAX_UNFOLDED) return node;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      return target === undefined ? node : copyOf(target);
    }
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return node;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    delete node.anchor;
    if (isMap(node)) {
      for (const pair of node.items) pair.value = visit(pair.value);
      mergeKeys(node);
    } else if (isSeq(node)) node.items = node.items.map(visit);
    return node;
  };
  const copyOf = (target: Node): Node => {
    count += sizeOf(target);
    return count > MAX_UNFOLDED ? target : (target.clone() as Node);
  };
  document.contents = visit(document.contents) as never;
  return count <= MAX_UNFOLDED;
}

function sizeOf(node: unknown): number {
  let size = 1;
  if (isMap(node)) for (const pair of node.items) size += sizeOf(pair.value);
  if (isSeq(node)) for (const item of node.items) size += sizeOf(item);
  return size;
}

/** `<<: *defaults`: what the mapping has itself wins, then the earlier of several sources. */
function mergeKeys(map: YAMLMap): void {
  const isMerge = (pair: Pair): boolean => {
    const key = isScalar(pair.key) ? pair.key.value : pair.key;
    return typeof key === 'symbol' ? key.description === '<<' : key === '<<';
  };
  const merges = map.items.filter(isMerge);
  if (merges.length === 0) return;
  const own = map.items.filter((pair) => !isMerge(pair));
  const names = new Set(own.map(nameOf));
  const added: Pair[] = [];
  for (const { value } of merges) {
    for (const source of isSeq(value) ? value.items : [value]) {
      if (!isMap(source)) continue;
      for (const pair of source.items) {
        if (names.has(nameOf(pair))) continue;
        names.add(nameOf(pair));
        added.push(pair);
      }
    }
  }
  map.items = [...added, ...own] as typeof map.items;
}

/** The key of a pair as JSON has it: `200:` and `"200":` are the same. */
export const nameOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);
