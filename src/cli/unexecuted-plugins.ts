// What a file may hold and `gwctl serve` does not run. Of plugins that are known by their schema only it checks and stores what
// is configured and does not act on it. Requests pass as if they were not there, which somebody who relies on one has to be told.
import type { PluginDefinition } from '../pdk/index.ts';
import { bundledPlugins } from '../plugins/index.ts';
import { runEntityChecks } from '../schema/checks.ts';
import type { ErrorNode, ErrorTree } from '../schema/define.ts';
import type { State } from '../state/state.ts';

/** Names of the enabled plugins of this state that have no handler, sorted. */
export function findUnexecuted(state: State, definitions: readonly PluginDefinition[] = bundledPlugins): string[] {
  const withoutHandler = new Set(definitions.filter(({ handler }) => handler === undefined).map(({ name }) => name));
  const names = new Set<string>();
  for (const { name, enabled } of state.list('plugins')) {
    if (enabled !== false && withoutHandler.has(name as string)) names.add(name as string);
  }
  return [...names].sort();
}

/** What `gwctl serve` would refuse of this state, one text for each enabled plugin. */
export function findRefused(state: State, definitions: readonly PluginDefinition[] = bundledPlugins): string[] {
  const found: string[] = [];
  for (const { name, serving_checks: checks = [], schema } of definitions) {
    if (checks.length === 0) continue;
    for (const plugin of state.list('plugins')) {
      if (plugin['name'] !== name || plugin['enabled'] === false) continue;
      const tree: ErrorTree = {};
      runEntityChecks(checks, schema.fields, plugin, tree, 'insert');
      for (const text of textsOf(tree, ''))
        found.push(`plugin ${name} (${plugin.id}): ${text} (\`gwctl serve\` refuses this)`);
    }
  }
  return found;
}

function textsOf(node: ErrorNode | null, path: string): string[] {
  if (node === null) return [];
  if (typeof node === 'string') return [path === '' ? node : `${path}: ${node}`];
  if (Array.isArray(node)) return node.flatMap((item, i) => textsOf(item, `${path}[${i + 1}]`));
  return Object.entries(node).flatMap(([name, item]) => textsOf(item, path === '' ? name : `${path}.${name}`));
}

export const describeUnexecuted = (name: string): string =>
  `plugin ${name} is validated and stored, but not executed by \`gwctl serve\``;

/** Tells each name once, however often the state changes. */
export function createUnexecutedWarning(
  tell: (message: string) => void,
  definitions: readonly PluginDefinition[] = bundledPlugins,
): (state: State) => void {
  const told = new Set<string>();
  let seen: unknown;
  return (state) => {
    const plugins = state.list('plugins');
    if (plugins === seen) return;
    seen = plugins;
    for (const name of findUnexecuted(state, definitions)) {
      if (told.has(name)) continue;
      told.add(name);
      tell(describeUnexecuted(name));
    }
  };
}
