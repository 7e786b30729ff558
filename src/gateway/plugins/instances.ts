// Compiled plugin instances. An instance is made once for a stored plugin entity and shared by every snapshot that holds
// the same entity; one that no snapshot holds any more is closed.
import type { JsonObject } from '../../lib/json.ts';
import type { Environment, Phases, PluginDefinition } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';

/** A plugin with its handler loaded. */
export interface LoadedPlugin {
  readonly name: string;
  readonly priority: number;
  readonly version: string;
  readonly observes: boolean | undefined;
  readonly create: (config: JsonObject, environment: Environment) => Phases;
}

/** Those with a handler: the others are configuration only. */
export async function loadPlugins(definitions: readonly PluginDefinition[]): Promise<readonly LoadedPlugin[]> {
  const loaded = definitions.map(async ({ name, priority, version, observes, handler }) => {
    if (handler === undefined) return [];
    const module = await handler();
    return [{ name, priority, version, observes, create: module.create as LoadedPlugin['create'] }];
  });
  return (await Promise.all(loaded)).flat();
}

export interface PluginInstance {
  readonly entity: Entity;
  readonly name: string;
  readonly priority: number;
  readonly phases: Phases;
}

export interface InstanceServices {
  readonly plugins: readonly LoadedPlugin[];
  environment(plugin: string, entity: Entity): Environment;
  /** Puts what vault references stand for in their place. */
  resolve(config: JsonObject): JsonObject;
  /** An instance could not be made: its configuration passed the schema, but the plugin refuses it. */
  onBroken(plugin: string, entity: Entity, error: unknown): void;
}

/**
 * Answers for this plugin's requests when its instance could not be made: nothing may pass unguarded. One that only observes
 * is left out.
 */
const BROKEN: Phases = {
  access: () => ({ kind: 'error', status: 500, body: undefined, headers: {} }),
  preread: () => ({ kind: 'error', status: 500, body: undefined, headers: {} }),
};

export class PluginInstances {
  readonly #services: InstanceServices;
  readonly #byName: ReadonlyMap<string, LoadedPlugin>;
  #live = new Map<Entity, PluginInstance>();

  constructor(services: InstanceServices) {
    this.#services = services;
    this.#byName = new Map(services.plugins.map((plugin) => [plugin.name, plugin]));
  }

  /** Instances for these entities, in the same order; those not named any more are closed. */
  adopt(entities: readonly Entity[]): PluginInstance[] {
    const next = new Map<Entity, PluginInstance>();
    for (const entity of entities) {
      const instance = this.#live.get(entity) ?? this.#make(entity);
      if (instance !== undefined) next.set(entity, instance);
    }
    for (const [entity, instance] of this.#live) if (!next.has(entity)) instance.phases.close?.();
    this.#live = next;
    return [...next.values()];
  }

  close(): void {
    for (const instance of this.#live.values()) instance.phases.close?.();
    this.#live.clear();
  }

  #make(entity: Entity): PluginInstance | undefined {
    const name = entity['name'] as string;
    const plugin = this.#byName.get(name);
    if (plugin === undefined) return undefined;
    let phases = plugin.observes === true ? {} : BROKEN;
    try {
      phases = plugin.create(
        this.#services.resolve(entity['config'] as JsonObject),
        this.#services.environment(name, entity),
      );
    } catch (error) {
      this.#services.onBroken(name, entity, error);
    }
    return { entity, name, priority: plugin.priority, phases };
  }
}
