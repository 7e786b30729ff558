// The code of the plugins that a gateway knows. It is loaded at the start, so that mistakes in it are heard of then; that of
// plugins that may wait only when the configuration first uses them: code that nobody uses costs megabytes in every process.
import type { JsonObject } from '../../lib/json.ts';
import type { Environment, Phases, PluginDefinition } from '../../pdk/index.ts';
import type { State } from '../../state/state.ts';

/** A plugin with its handler loaded. */
export interface LoadedPlugin {
  readonly name: string;
  readonly priority: number;
  readonly version: string;
  readonly observes: boolean | undefined;
  readonly create: (config: JsonObject, environment: Environment) => Phases;
}

type Executed = PluginDefinition & Required<Pick<PluginDefinition, 'handler'>>;

export class PluginHandlers {
  readonly #mayWait: (plugin: PluginDefinition) => boolean;
  /** Those with a handler: the others are configuration only. */
  #known: ReadonlyMap<string, Executed> = new Map();
  readonly #loaded = new Map<Executed, LoadedPlugin>();
  /** The plugins of a state, as of which everything is loaded. */
  #complete: object | undefined = undefined;

  constructor(mayWait: (plugin: PluginDefinition) => boolean) {
    this.#mayWait = mayWait;
  }

  /** @returns undefined for a plugin that is not executed here. */
  get(name: string): LoadedPlugin | undefined {
    const plugin = this.#known.get(name);
    return plugin && (this.#loaded.get(plugin) ?? withoutCode(plugin, new Error('its code is not loaded')));
  }

  /** Loads what has to be there before these plugins are known; what it answers makes them known, and no others. */
  async prepare(plugins: readonly PluginDefinition[], state: State): Promise<() => void> {
    const known = new Map(plugins.filter(isExecuted).map((plugin) => [plugin.name, plugin]));
    const used = usedBy(state, known);
    const needed = [...known.values()].filter((plugin) => !this.#mayWait(plugin) || used.has(plugin));
    await Promise.all(needed.map((plugin) => this.#load(plugin)));
    return () => {
      this.#known = known;
      this.#complete = undefined;
      const all = new Set(known.values());
      for (const plugin of this.#loaded.keys()) if (!all.has(plugin)) this.#loaded.delete(plugin);
    };
  }

  /** Resolves when the handlers that this state is the first to use are there; undefined where there is nothing to wait for. */
  load(state: State): Promise<void> | undefined {
    const plugins = state.generation('plugins');
    if (plugins === this.#complete) return undefined;
    const missing = [...usedBy(state, this.#known)].filter((plugin) => !this.#loaded.has(plugin));
    if (missing.length === 0) {
      this.#complete = plugins;
      return undefined;
    }
    const loading = missing.map((plugin) =>
      this.#load(plugin).catch((cause) => void this.#loaded.set(plugin, withoutCode(plugin, cause))),
    );
    return Promise.all(loading).then(() => undefined);
  }

  async #load(plugin: Executed): Promise<void> {
    const { create } = await plugin.handler();
    this.#loaded.set(plugin, withCode(plugin, create as LoadedPlugin['create']));
  }
}

const withCode = ({ name, priority, version, observes }: Executed, create: LoadedPlugin['create']): LoadedPlugin => ({
  name,
  priority,
  version,
  observes,
  create,
});

/** What cannot be loaded is like what cannot be made: requests do not pass it. */
const withoutCode = (plugin: Executed, cause: unknown): LoadedPlugin =>
  withCode(plugin, () => {
    throw cause;
  });

const isExecuted = (plugin: PluginDefinition): plugin is Executed => plugin.handler !== undefined;

function usedBy(state: State, known: ReadonlyMap<string, Executed>): Set<Executed> {
  const used = new Set<Executed>();
  for (const { name, enabled } of state.list('plugins')) {
    const plugin = enabled === false ? undefined : known.get(name as string);
    if (plugin !== undefined) used.add(plugin);
  }
  return used;
}
