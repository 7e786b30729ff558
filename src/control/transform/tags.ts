// Tags of entities: added without repeating one, removed in place, or listed. Whatever else stands in the file stays as it is.
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { createNode, listIn, setIn, type Tree, textOf } from './tree.ts';

const TAGS = 'tags';

export function addTags(tree: Tree, entities: readonly YAMLMap[], tags: readonly string[]): void {
  for (const entity of entities) {
    const list = listIn(entity, TAGS);
    if (list === undefined) {
      setIn(tree, entity, TAGS, [...new Set(tags)]);
      continue;
    }
    const present = new Set(list.items.map(textOf));
    for (const tag of tags) {
      if (present.has(tag)) continue;
      present.add(tag);
      list.add(createNode(tree, tag));
    }
  }
}

export type TagChoice = { readonly remove: readonly string[] } | { readonly keepOnly: readonly string[] };

/** @param whenEmpty what becomes of a list that holds no tag any more. */
export function removeTags(entities: readonly YAMLMap[], choice: TagChoice, whenEmpty: 'drop' | 'keep'): void {
  const isRemoved = (tag: string | undefined): boolean => {
    if (tag === undefined) return false;
    return 'remove' in choice ? choice.remove.includes(tag) : !choice.keepOnly.includes(tag);
  };
  for (const entity of entities) {
    const list = listIn(entity, TAGS);
    if (list === undefined) continue;
    list.items = list.items.filter((item) => !isRemoved(textOf(item)));
    if (list.items.length > 0) continue;
    if (whenEmpty === 'drop') entity.delete(TAGS);
    else list.flow = true;
  }
}

/** Every tag once, sorted. */
export function listTags(entities: readonly YAMLMap[]): string[] {
  const found = new Set<string>();
  for (const entity of entities) {
    for (const item of listIn(entity, TAGS)?.items ?? []) {
      if (isScalar(item) && item.value !== null) found.add(String(item.value));
    }
  }
  return [...found].sort();
}

export const mappings = (nodes: readonly unknown[]): YAMLMap[] =>
  nodes.filter((node) => isMap(node) && !isSeq(node)) as YAMLMap[];
