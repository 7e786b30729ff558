// All entities of a tree, wherever the grammar of state files lets them stand. Sections that no schema describes take part
// as well: whatever is a list of mappings at the top is a list of entities.
import { isMap, isSeq, type YAMLMap } from 'yaml';
import type { JsonObject } from '../../lib/json.ts';
import type { Path } from '../file/diagnostics.ts';
import type { Grammar } from '../file/grammar.ts';
import { type Tree, textOf } from './tree.ts';

export interface TreeEntity {
  /** Name of the section, or of the list inside its parent. */
  readonly kind: string;
  readonly map: YAMLMap;
  readonly path: Path;
  readonly parent: TreeEntity | undefined;
}

export function entitiesOf(grammar: Grammar, tree: Tree): TreeEntity[] {
  const found: TreeEntity[] = [];
  const nestable = new Set([...grammar.values()].flatMap(({ children }) => [...children.keys()]));
  const visitList = (kind: string, list: unknown, path: Path, parent: TreeEntity | undefined): void => {
    if (!isSeq(list)) return;
    for (const [i, item] of list.items.entries()) {
      if (!isMap(item)) continue;
      const entity = { kind, map: item, path: [...path, i], parent };
      found.push(entity);
      visitChildren(entity);
    }
  };
  const visitChildren = (entity: TreeEntity): void => {
    const children = grammar.get(entity.kind)?.children;
    for (const pair of entity.map.items) {
      const key = textOf(pair.key);
      if (key !== undefined && (children ?? nestable).has(key)) {
        visitList(children?.get(key)?.schema.name ?? key, pair.value, [...entity.path, key], entity);
      }
    }
  };
  if (!isMap(tree.document.contents)) return found;
  for (const pair of (tree.document.contents as YAMLMap).items) {
    const key = textOf(pair.key);
    if (key !== undefined && !key.startsWith('_')) visitList(key, pair.value, [key], undefined);
  }
  return found;
}

/** What the file says of all entities of a kind that do not say it themselves. */
export function defaultsOf(grammar: Grammar, tree: Tree, kind: string): JsonObject {
  const word = grammar.get(kind)?.schema.deck?.kind ?? kind;
  const defaults = tree.document.getIn(['_info', 'defaults', word]);
  return isMap(defaults) ? (defaults.toJS(tree.document) as JsonObject) : {};
}
