// Plugins put into the entities that a selector finds, or into the top of the file. One that is there already, by its name
// and what it is tied to, is left alone or replaced in its place.
import { isMap, type YAMLMap } from 'yaml';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Path, Problem } from '../file/diagnostics.ts';
import type { Grammar } from '../file/grammar.ts';
import type { SourceText } from '../file/sources.ts';
import { checkVersion, textsOf } from './patch.ts';
import { selectNodes } from './select.ts';
import { createNode, listIn, setIn, type Tree, textOf } from './tree.ts';

export interface PluginAddition {
  readonly selectors: readonly string[];
  readonly plugins: readonly JsonObject[];
  readonly onExisting: 'keep' | 'replace';
}

const LIST = 'plugins';

export function addPlugins(grammar: Grammar, tree: Tree, addition: PluginAddition): void {
  const scopes = grammar.get(LIST)?.foreign.map(([field]) => field) ?? [];
  for (const node of selectNodes(tree, addition.selectors)) {
    if (!isMap(node)) continue;
    for (const plugin of addition.plugins) put(tree, node as YAMLMap, plugin, scopes, addition.onExisting);
  }
}

function put(
  tree: Tree,
  owner: YAMLMap,
  plugin: JsonObject,
  scopes: readonly string[],
  onExisting: PluginAddition['onExisting'],
): void {
  const list = listIn(owner, LIST);
  if (list === undefined) {
    setIn(tree, owner, LIST, [plugin]);
    return;
  }
  const wanted = identityOf(plugin, scopes);
  const at = list.items.findIndex(
    (item) => isMap(item) && identityOf(item.toJS(tree.document) as JsonObject, scopes) === wanted,
  );
  if (at < 0) {
    list.add(createNode(tree, plugin));
    list.flow = false;
  } else if (onExisting === 'replace') list.items[at] = createNode(tree, plugin);
}

const identityOf = (plugin: JsonObject, scopes: readonly string[]): string =>
  JSON.stringify(['name', ...scopes].map((field) => plugin[field] ?? null));

export type ParsedAdditions =
  | { readonly ok: true; readonly additions: readonly PluginAddition[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A plugin file: `_format_version: "1.0"` and `add-plugins`, each with selectors, overwrite and plugins. */
export function parseAdditions(source: SourceText, content: JsonObject): ParsedAdditions {
  const problems: Problem[] = [];
  const report = (path: Path, message: string, expected?: string): void => {
    problems.push({ source, path, message, ...(expected === undefined ? {} : { expected }) });
  };
  checkVersion(content['_format_version'], report);
  const list = content['add-plugins'];
  if (!Array.isArray(list))
    report(['add-plugins'], "'add-plugins' must be a list", 'add-plugins: [{selectors: […], plugins: […]}]');
  const additions = (Array.isArray(list) ? list : []).map((item, i) => parseAddition(item, ['add-plugins', i], report));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, additions };
}

function parseAddition(
  item: Json,
  path: Path,
  report: (path: Path, message: string, expected?: string) => void,
): PluginAddition {
  const entry = isObject(item) ? item : {};
  const selectors = textsOf(entry['selectors'], ['$'], [...path, 'selectors'], report);
  const plugins = entry['plugins'];
  const isList = Array.isArray(plugins) && plugins.every(isPlugin);
  if (!isList) report([...path, 'plugins'], "'plugins' must be a list of plugins, each with a name");
  return {
    selectors,
    plugins: isList ? (plugins as JsonObject[]) : [],
    onExisting: entry['overwrite'] === true ? 'replace' : 'keep',
  };
}

export const isPlugin = (value: Json): value is JsonObject => isObject(value) && textOf(value['name']) !== undefined;
