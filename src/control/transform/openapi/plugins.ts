// x-kong-plugin-NAME of an object becomes a plugin of the service or the route that the object stands for. What stands nearer
// to the operation wins; a plugin that is tied to a consumer has to stand at the top of the file.
import { cloneJson, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import type { Names } from './names.ts';
import type { Spec } from './spec.ts';

const PREFIX = 'x-kong-plugin-';

/** Name → plugin; iterated in the order of names. */
export type PluginTable = ReadonlyMap<string, JsonObject>;

export interface Owner {
  readonly name: string;
  readonly tags: readonly string[];
}

export function collectPlugins(
  spec: Spec,
  names: Names,
  owner: Owner,
  objects: readonly { readonly value: JsonObject; readonly path: Path }[],
  inherited: PluginTable = new Map(),
): PluginTable {
  const found = new Map<string, JsonObject>();
  for (const [name, plugin] of inherited) found.set(name, owned(names, owner, name, cloneJson(plugin)));
  for (const { value, path } of objects) {
    for (const key of Object.keys(value)) {
      const plugin = key.startsWith(PREFIX) ? spec.extension(value, key, path) : undefined;
      if (plugin === undefined) continue;
      // Where it belongs is where it is written.
      delete plugin['service'];
      delete plugin['route'];
      const name = key.slice(PREFIX.length);
      found.set(name, owned(names, owner, name, plugin));
    }
  }
  return sorted(found);
}

export const owned = (names: Names, owner: Owner, name: string, plugin: JsonObject): JsonObject => {
  const { id: _id, ...rest } = plugin;
  return { ...rest, name, ...names.id(`${owner.name}.plugin.${name}`), tags: [...owner.tags] };
};

export const withPlugin = (table: PluginTable, name: string, plugin: JsonObject | undefined): PluginTable =>
  plugin === undefined ? table : sorted(new Map(table).set(name, plugin));

export const withoutPlugin = (table: PluginTable, name: string): PluginTable =>
  new Map([...table].filter(([key]) => key !== name));

const sorted = (table: ReadonlyMap<string, JsonObject>): PluginTable =>
  new Map([...table].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** Those tied to a consumer go to `loose`, with a reference to their owner; the others are answered. */
export function separate(
  table: PluginTable,
  owner: 'service' | 'route',
  name: string,
  loose: JsonObject[],
): JsonObject[] {
  const nested: JsonObject[] = [];
  for (const plugin of table.values()) {
    if (plugin['consumer'] === undefined || plugin['consumer'] === null) nested.push(plugin);
    else loose.push({ ...plugin, [owner]: name });
  }
  return nested;
}
