// Carries out the rules of a conversion on a tree and tells what it changed. It knows how to rewrite, not what.
import { isMap, isSeq, type Pair, type YAMLMap } from 'yaml';
import { looksLikeRegex } from '../../../entities/route-path.ts';
import { newRandomKey } from '../../../lib/ids.ts';
import type { Grammar } from '../../file/grammar.ts';
import { createNode, listIn, rootOf, setIn, type Tree, textOf } from '../tree.ts';
import { entitiesOf } from '../walk.ts';
import type { Conversion, Edit, Rule } from './conversions.ts';

const VERSION = '_format_version';

/** @returns one sentence for each change. */
export function convertTree(grammar: Grammar, tree: Tree, conversion: Conversion): string[] {
  const changes: string[] = [];
  const entities = entitiesOf(grammar, tree);
  for (const rule of conversion.rules) {
    for (const { kind, map } of entities) {
      if (kind !== rule.reference || !isNamed(rule, map)) continue;
      const word = grammar.get(kind)?.schema.deck?.kind ?? kind;
      const tell = (text: string): void => {
        changes.push(`${word} ${labelOf(map)}: ${text}`);
      };
      carryOut(tree, map, rule, tell);
    }
  }
  const root = rootOf(tree);
  const { formatVersion } = conversion;
  if (formatVersion !== undefined && textOf(root.get(VERSION)) !== formatVersion) {
    const before = root.get(VERSION);
    if (root.has(VERSION)) setIn(tree, root, VERSION, formatVersion);
    else root.items.unshift(tree.document.createPair(VERSION, formatVersion) as never);
    changes.push(`${VERSION}: ${before === undefined ? '' : `${String(before)} → `}${formatVersion}`);
  }
  return changes;
}

const isNamed = ({ named }: Rule, map: YAMLMap): boolean =>
  named === undefined || named.includes(textOf(map.get('name')) ?? '');

const labelOf = (map: YAMLMap): string => textOf(map.get('name')) ?? textOf(map.get('id')) ?? '(without a name)';

function carryOut(tree: Tree, entity: YAMLMap, { edit, where }: Rule, tell: (text: string) => void): void {
  const steps = edit.at.split('.');
  const key = steps.pop()!;
  for (const holder of holdersOf(tree, entity, steps, edit.do === 'default' && edit.makes === true)) {
    if (where !== undefined && !where.oneOf.includes(textOf(holder.get(where.field)) ?? '')) continue;
    apply(tree, entity, holder, key, edit, tell);
  }
}

/** Mappings at the end of the steps; what is missing on the way is made only when asked for. */
function holdersOf(tree: Tree, entity: YAMLMap, steps: readonly string[], makes: boolean): YAMLMap[] {
  let current: YAMLMap[] = [entity];
  for (const step of steps) {
    current = current.flatMap((map) => {
      if (makes && !map.has(step)) setIn(tree, map, step, {});
      const value = map.get(step, true);
      if (isMap(value)) return [value as YAMLMap];
      return isSeq(value) ? (value.items.filter((item) => isMap(item)) as YAMLMap[]) : [];
    });
  }
  return current;
}

function apply(
  tree: Tree,
  entity: YAMLMap,
  holder: YAMLMap,
  key: string,
  edit: Edit,
  tell: (text: string) => void,
): void {
  const isThere = holder.has(key) && holder.get(key) !== null;
  switch (edit.do) {
    case 'mark-regex':
      return markRegexes(tree, holder, key, tell);
    case 'rename':
      return rename(tree, entity, holder, key, edit, tell);
    case 'remove':
      if (holder.delete(key)) tell(`${edit.at} removed`);
      return;
    case 'listify':
      if (!isThere || isSeq(holder.get(key, true))) return;
      setIn(tree, holder, key, [holder.get(key) as string]);
      tell(`${edit.at} is a list now`);
      return;
    case 'default':
      if (isThere) return;
      setIn(tree, holder, key, typeof edit.value === 'boolean' ? edit.value : [...edit.value]);
      tell(`${edit.at} set to ${JSON.stringify(edit.value)}: ${edit.because}`);
      return;
    case 'random':
      if (isThere) return;
      setIn(tree, holder, key, newRandomKey());
      tell(`${edit.at} generated`);
  }
}

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

function rename(
  tree: Tree,
  entity: YAMLMap,
  holder: YAMLMap,
  key: string,
  edit: Extract<Edit, { do: 'rename' }>,
  tell: (text: string) => void,
): void {
  const steps = edit.to.split('.');
  const name = steps.pop()!;
  const pair = holder.items.find((item) => textOf(item.key) === key) as Pair | undefined;
  if (pair === undefined) return;
  const [target] = holdersOf(tree, entity, steps, true);
  if (target?.has(name) === true) {
    holder.delete(key);
    tell(`${edit.at} removed: ${edit.to} is there already`);
    return;
  }
  if (target === holder) pair.key = tree.document.createNode(name);
  else {
    holder.delete(key);
    target?.add(tree.document.createPair(name, pair.value));
  }
  tell(`${edit.at} is called ${edit.to} now`);
}
