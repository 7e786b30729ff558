// Between decK's dialect and that of Kong's DB-less mode: nested relations become lists at the top, and back. What names no
// entity of the file cannot be nested and is reported with its place.
import { isMap, isNode, type Pair, type YAMLMap } from 'yaml';
import { isUuid } from '../../lib/ids.ts';
import type { Path, Problem } from '../file/diagnostics.ts';
import { ownerOf } from '../file/dialect.ts';
import { type Grammar, IGNORED_KEYS } from '../file/grammar.ts';
import { RELATIONS, type Relation } from './dialects.ts';
import { listIn, rootOf, setIn, type Tree, textOf } from './tree.ts';
import { entitiesOf, type TreeEntity } from './walk.ts';

export type Dialect = 'deck' | 'dbless';

/** Changes the tree; it is to be thrown away when there are problems. */
export function formatTree(grammar: Grammar, tree: Tree, dialect: Dialect): Problem[] {
  const problems: Problem[] = [];
  for (const relation of RELATIONS) {
    if (dialect === 'deck') nest(grammar, tree, relation, problems);
    else flatten(grammar, tree, relation, problems);
  }
  if (dialect === 'deck') {
    for (const relation of ownedLists(grammar)) nest(grammar, tree, relation, problems);
    for (const map of [rootOf(tree), ...entitiesOf(grammar, tree).map((entity) => entity.map)]) writeRemarks(map);
  }
  return problems;
}

/** Lists that may stand at the top in the DB-less dialect only: of entities that cannot be without their parent. */
function ownedLists(grammar: Grammar): Relation[] {
  return [...grammar].flatMap(([kind, form]) => {
    const owner = ownerOf(form);
    if (owner === undefined) return [];
    const [field, { reference }] = owner;
    const parentNames = [...(grammar.get(reference)?.names ?? []), 'id'];
    return [{ flat: kind, nestedAs: [], reference, list: kind, parentField: field, parentNames, renamed: {} }];
  });
}

function nest(grammar: Grammar, tree: Tree, relation: Relation, problems: Problem[]): void {
  const parents = entitiesOf(grammar, tree).filter(({ kind }) => kind === relation.reference);
  for (const { map } of parents) {
    for (const key of relation.nestedAs) renameList(tree, map, key, relation);
  }
  const root = rootOf(tree);
  const flat = listIn(root, relation.flat);
  if (flat === undefined) return;
  const index = indexNames(parents, relation.parentNames);
  const left: unknown[] = [];
  const [head] = flat.items;
  if (isMap(head) && flat.commentBefore)
    head.commentBefore = [flat.commentBefore, head.commentBefore].filter(Boolean).join('\n');
  for (const [i, entry] of flat.items.entries()) {
    if (!isMap(entry)) continue;
    const owner = findParent(index, relation, entry as YAMLMap);
    if (owner === undefined) {
      problems.push(noParent(tree, relation, entry as YAMLMap, [relation.flat, i]));
      left.push(entry);
      continue;
    }
    entry.delete(relation.parentField);
    toNested(entry as YAMLMap, relation);
    append(tree, owner.map, relation.list, entry as YAMLMap);
  }
  flat.items = left as typeof flat.items;
  if (left.length === 0) root.delete(relation.flat);
}

function indexNames(parents: readonly TreeEntity[], names: readonly string[]): ReadonlyMap<string, TreeEntity> {
  const index = new Map<string, TreeEntity>();
  for (const parent of parents) {
    for (const name of names) {
      const value = textOf(parent.map.get(name));
      if (value !== undefined && !index.has(value)) index.set(value, parent);
    }
  }
  return index;
}

function findParent(
  index: ReadonlyMap<string, TreeEntity>,
  relation: Relation,
  entry: YAMLMap,
): TreeEntity | undefined {
  const written = entry.get(relation.parentField);
  const wanted = isMap(written)
    ? relation.parentNames.map((name) => textOf(written.get(name))).find(Boolean)
    : textOf(written);
  return wanted === undefined ? undefined : index.get(wanted);
}

function noParent(tree: Tree, relation: Relation, entry: YAMLMap, path: Path): Problem {
  const { source } = tree;
  const name = textOf(entry.get(relation.parentField));
  if (name === undefined) return { source, path, message: `'${relation.parentField}' is missing` };
  return {
    source,
    path: [...path, relation.parentField],
    message: `'${name}' is not among the ${relation.reference} of this file`,
    hint: `in decK's form it stands inside the entity, so that one has to be in the same file`,
  };
}

/** The same relation, nested already, under its other name. */
function renameList(tree: Tree, map: YAMLMap, key: string, relation: Relation): void {
  const list = listIn(map, key);
  if (list === undefined) return;
  map.delete(key);
  for (const item of list.items) {
    if (!isMap(item)) continue;
    toNested(item as YAMLMap, relation);
    append(tree, map, relation.list, item as YAMLMap);
  }
}

function flatten(grammar: Grammar, tree: Tree, relation: Relation, problems: Problem[]): void {
  for (const { kind, map, path } of entitiesOf(grammar, tree)) {
    const list = kind === relation.reference ? listIn(map, relation.list) : undefined;
    if (list === undefined || list.items.length === 0) continue;
    const name = relation.parentNames.map((field) => textOf(map.get(field))).find(Boolean);
    if (name === undefined) {
      const message = `its ${relation.list} cannot be written outside: it has no ${relation.parentNames.join(' and no ')}`;
      problems.push({ source: tree.source, path, message });
      continue;
    }
    map.delete(relation.list);
    for (const item of list.items) {
      if (!isMap(item)) continue;
      toFlat(item as YAMLMap, relation);
      setIn(tree, item as YAMLMap, relation.parentField, name);
      append(tree, rootOf(tree), relation.flat, item as YAMLMap);
    }
  }
}

function append(tree: Tree, owner: YAMLMap, key: string, entry: YAMLMap): void {
  if (listIn(owner, key) === undefined) setIn(tree, owner, key, []);
  const list = listIn(owner, key)!;
  list.items.push(entry);
  list.flow = false;
}

/** `partial: redis-main` and `partial: {id: …}` become the name or the id that a nested entry has. */
function toNested(entry: YAMLMap, { renamed }: Relation): void {
  // A flat entry that is nothing but a link has an id of its own, and a nested one has none.
  if (Object.keys(renamed).length > 0) entry.delete('id');
  for (const pair of entry.items as Pair[]) {
    const to = renamed[textOf(pair.key) ?? ''];
    if (to === undefined || !isKey(pair.key)) continue;
    const inner: Pair | undefined = isMap(pair.value) ? pair.value.items[0] : undefined;
    if (inner !== undefined) pair.value = inner.value;
    const isId = inner === undefined ? isUuid(textOf(pair.value) ?? '') : textOf(inner.key) === 'id';
    pair.key.value = isId ? to.id : to.name;
  }
}

function toFlat(entry: YAMLMap, { renamed }: Relation): void {
  for (const [flat, { name, id }] of Object.entries(renamed)) {
    // A name says enough; the flat entry has one field for both.
    if (entry.has(name)) entry.delete(id);
    for (const pair of entry.items as Pair[]) {
      if (isKey(pair.key) && (pair.key.value === name || pair.key.value === id)) pair.key.value = flat;
    }
  }
}

/** Keys that hold remarks become the comments that they stand for. */
function writeRemarks(map: YAMLMap): void {
  for (const key of IGNORED_KEYS) {
    const at = (map.items as Pair[]).findIndex((pair) => textOf(pair.key) === key);
    if (at < 0) continue;
    const [pair] = map.items.splice(at, 1) as [Pair];
    const text = textOf(pair.value) ?? `${key}: ${JSON.stringify(pair.value)}`;
    const above = isNode(pair.key) ? pair.key.commentBefore : undefined;
    const remark = [above, text.trimEnd().replaceAll(/^/gm, ' ')].filter(Boolean).join('\n');
    const below = map.items[at]?.key;
    if (isNode(below)) below.commentBefore = [remark, below.commentBefore].filter(Boolean).join('\n');
    else map.comment = [map.comment, remark].filter(Boolean).join('\n');
  }
}

const isKey = (key: unknown): key is { value: string } => typeof key === 'object' && key !== null && 'value' in key;
