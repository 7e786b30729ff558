// Plugins that are known by their schema only: `gwctl serve` checks and stores what is configured for them and does not
// act on it. Requests pass as if they were not there, which somebody who relies on one has to be told.
import type { PluginDefinition } from '../pdk/index.ts';
import { bundledPlugins } from '../plugins/index.ts';
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
