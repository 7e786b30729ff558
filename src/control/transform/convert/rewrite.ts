// Carries out the rules of a conversion on a tree and tells what it changed. It knows how to rewrite, not what.
import { isMap, isSeq, type Pair, type YAMLMap } from 'yaml';
import { looksLikeRegex } from '../../../entities/route-path.ts';
import { newRandomKey } from '../../../lib/ids.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { Problem } from '../../file/diagnostics.ts';
import type { Grammar } from '../../file/grammar.ts';
import { createNode, listIn, rootOf, setIn, type Tree, textOf } from '../tree.ts';
import { defaultsOf, entitiesOf, type TreeEntity } from '../walk.ts';
import type { Conversion, Edit, Rule } from './conversions.ts';

const VERSION = '_format_version';

export type Rewritten =
  /** One sentence for each change. */
  | { readonly ok: true; readonly changes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Changes the tree; it is to be thrown away when there are problems. */
export function convertTree(grammar: Grammar, tree: Tree, conversion: Conversion): Rewritten {
  const changes: string[] = [];
  const problems: Problem[] = [];
  const entities = entitiesOf(grammar, tree);
  for (const rule of conversion.rules) {
    for (const entity of entities) {
      const { kind, map, path } = entity;
      if (kind !== rule.reference || !isNamed(rule, map)) continue;
      const word = grammar.get(kind)?.schema.deck?.kind ?? kind;
      carryOut(rule, {
        tree,
        entity: map,
        implied: impliedFields(grammar, tree, entity),
        tell: (text) => changes.push(`${word} ${labelOf(map)}: ${text}`),
        refuse: (message) =>
          problems.push({ source: tree.source, path, message: `${word} ${labelOf(map)}: ${message}` }),
      });
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  const root = rootOf(tree);
  const { formatVersion } = conversion;
  if (formatVersion !== undefined && textOf(root.get(VERSION)) !== formatVersion) {
    const before = root.get(VERSION);
    if (root.has(VERSION)) setIn(tree, root, VERSION, formatVersion);
    else root.items.unshift(tree.document.createPair(VERSION, formatVersion) as never);
    changes.push(`${VERSION}: ${before === undefined ? '' : `${String(before)} → `}${formatVersion}`);
  }
  return { ok: true, changes };
}

interface Work {
  readonly tree: Tree;
  readonly entity: YAMLMap;
  /** What the entity does not write itself: the defaults of the file, and what short forms stand for. */
  readonly implied: JsonObject;
  readonly tell: (text: string) => void;
  readonly refuse: (message: string) => void;
}

function impliedFields(grammar: Grammar, tree: Tree, { kind, map }: TreeEntity): JsonObject {
  const implied = defaultsOf(grammar, tree, kind);
  for (const [name, short] of Object.entries(grammar.get(kind)?.schema.shorthand_fields ?? {})) {
    const value = textOf(map.get(name));
    if (value !== undefined) Object.assign(implied, short.expand(value, map.toJS(tree.document) as JsonObject));
  }
  return implied;
}

const isNamed = ({ named }: Rule, map: YAMLMap): boolean =>
  named === undefined || named.includes(textOf(map.get('name')) ?? '');

const labelOf = (map: YAMLMap): string => textOf(map.get('name')) ?? textOf(map.get('id')) ?? '(without a name)';

function carryOut({ edit, where }: Rule, work: Work): void {
  const { tree, entity, implied } = work;
  const steps = edit.at.split('.');
  const key = steps.pop()!;
  for (const holder of holdersOf(tree, entity, steps, edit.do === 'default' && edit.makes === true)) {
    const above = holder === entity ? implied : {};
    if (where !== undefined && !where.oneOf.includes(textOf(holder.get(where.field) ?? above[where.field]) ?? ''))
      continue;
    if (edit.do === 'default' && above[key] !== undefined) continue;
    apply(work, holder, key, edit);
  }
}

/** Mappings at the end of the steps; what is missing on the way is made only when asked for. */
function holdersOf(tree: Tree, entity: YAMLMap, steps: readonly string[], makes: boolean): YAMLMap[] {
  let current: YAMLMap[] = [entity];
  for (const step of steps) {
    current = current.flatMap((map) => {
      if (makes && (map.get(step) ?? null) === null) setIn(tree, map, step, {});
      const value = map.get(step, true);
      if (isMap(value)) return [value as YAMLMap];
      return isSeq(value) ? (value.items.filter((item) => isMap(item)) as YAMLMap[]) : [];
    });
  }
  return current;
}

function apply(work: Work, holder: YAMLMap, key: string, edit: Edit): void {
  const { tree, tell } = work;
  const isThere = holder.has(key) && holder.get(key) !== null;
  switch (edit.do) {
    case 'mark-regex':
      return markRegexes(tree, holder, key, tell);
    case 'rename':
      return rename(work, holder, key, edit);
    case 'remove':
      if (holder.delete(key)) tell(`${edit.at} removed`);
      return;
    case 'listify':
      if (!isThere || isSeq(holder.get(key, true))) return;
      setIn(tree, holder, key, [holder.get(key) as string]);
      tell(`${edit.at} is a list now`);
      return;
    case 'default':
      if (!isEmpty(holder.get(key))) return;
      setIn(tree, holder, key, typeof edit.value === 'boolean' ? edit.value : [...edit.value]);
      tell(`${edit.at} set to ${JSON.stringify(edit.value)}: ${edit.because}`);
      return;
    case 'random':
      if (isThere) return;
      setIn(tree, holder, key, newRandomKey());
      tell(`${edit.at} generated`);
  }
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || ((isSeq(value) || isMap(value)) && value.items.length === 0);

function markRegexes(tree: Tree, holder: YAMLMap, key: string, tell: (text: string) => void): void {
  const list = listIn(holder, key);
  for (const [i, item] of (list?.items ?? []).entries()) {
    const path = textOf(item);
    if (path === undefined || path.startsWith('~/') || !looksLikeRegex(path)) continue;
    const node = createNode(tree, `~${path}`);
    const before = item as { comment?: string; commentBefore?: string };
    if (before.comment) node.comment = before.comment;
    if (before.commentBefore) node.commentBefore = before.commentBefore;
    list!.items[i] = node;
    tell(`${path} is a regular expression: ~${path}`);
  }
}

/** Of two names that are both written, the one that says something counts. */
function rename(
  { tree, entity, tell, refuse }: Work,
  holder: YAMLMap,
  key: string,
  edit: Extract<Edit, { do: 'rename' }>,
): void {
  const steps = edit.to.split('.');
  const name = steps.pop()!;
  const pair = holder.items.find((item) => textOf(item.key) === key) as Pair | undefined;
  if (pair === undefined) return;
  const [target] = holdersOf(tree, entity, steps, true);
  if (target?.has(name) === true) {
    if (isEmpty(holder.get(key))) {
      holder.delete(key);
      tell(`${edit.at} removed: ${edit.to} is there already`);
      return;
    }
    if (!isEmpty(target.get(name))) return refuse(`${edit.at} is called ${edit.to} now, and both are written`);
    target.delete(name);
  }
  if (target === holder) pair.key = tree.document.createNode(name);
  else {
    holder.delete(key);
    target?.add(tree.document.createPair(name, pair.value));
  }
  tell(`${edit.at} is called ${edit.to} now`);
}
