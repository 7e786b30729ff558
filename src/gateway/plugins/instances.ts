// Compiled plugin instances. An instance is made once for a stored plugin entity and shared by every snapshot that holds
// the same entity; one that neither the newest snapshot nor a request under way holds any more is closed.
import type { JsonObject } from '../../lib/json.ts';
import { isPromise } from '../../lib/promise.ts';
import type { Phases } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { OwnedEnvironment } from '../environment/plugin-environment.ts';
import type { LoadedPlugin, PluginHandlers } from './handlers.ts';
import { phasesOf } from './phases-of.ts';
import { Users } from './users.ts';

export interface PluginInstance {
  readonly entity: Entity;
  readonly name: string;
  readonly priority: number;
  readonly phases: Phases;
}

export interface InstanceServices {
  /** Those of the entities that are adopted are loaded before. */
  readonly handlers: PluginHandlers;
  environment(plugin: string, entity: Entity): OwnedEnvironment;
  /** Puts what vault references stand for in their place. */
  resolve(config: JsonObject): JsonObject;
  /**
   * An instance could not be made: its configuration passed the schema, but the plugin refuses it. One that the plugin's
   * former code made may go on in its place.
   */
  onBroken(plugin: string, entity: Entity, error: unknown, instead: 'former' | undefined): void;
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
  #live = new Map<Entity, PluginInstance>();
  #users = new Users();
  /** What requests that began earlier may still use. */
  #earlier: { readonly users: Users; readonly instances: readonly PluginInstance[] }[] = [];
  /** What made the phases of an instance. */
  readonly #makers = new WeakMap<PluginInstance, LoadedPlugin['create']>();

  readonly #environments = new WeakMap<Phases, OwnedEnvironment>();

  constructor(services: InstanceServices) {
    this.#services = services;
  }

  /** Whoever uses what the last `adopt` answered says so here, and when he is done. */
  get users(): Users {
    return this.#users;
  }

  /** Instances for these entities, in the same order; those not named any more are closed once nobody uses them. */
  adopt(entities: readonly Entity[]): PluginInstance[] {
    const next = new Map<Entity, PluginInstance>();
    for (const entity of entities) {
      const instance = this.#live.get(entity) ?? this.#make(entity);
      if (instance !== undefined) next.set(entity, instance);
    }
    this.#earlier.push({ users: this.#users, instances: [...this.#live.values()] });
    this.#users.onNone = () => this.#closeUnused();
    this.#users = new Users();
    this.#live = next;
    this.#closeUnused();
    return [...next.values()];
  }

  close(): void {
    for (const phases of this.#phases()) this.#end(phases);
    this.#live.clear();
    this.#earlier = [];
  }

  #closeUnused(): void {
    const gone = this.#earlier.filter(({ users }) => users.isNone);
    this.#earlier = this.#earlier.filter(({ users }) => !users.isNone);
    const kept = this.#phases();
    const unused = new Set(gone.flatMap(({ instances }) => instances.map(({ phases }) => phases)));
    for (const phases of unused) if (!kept.has(phases)) this.#end(phases);
  }

  /** What one of them cannot close keeps neither the others open nor a configuration from being served. */
  #end(phases: Phases): void {
    const environment = this.#environments.get(phases);
    const failed = (error: unknown): void => environment?.failed('close', error);
    try {
      const closing: unknown = phases.close?.();
      if (isPromise(closing)) closing.catch(failed);
    } catch (error) {
      failed(error);
    }
    environment?.release();
  }

  /** Of all instances that somebody uses or may use. */
  #phases(): Set<Phases> {
    const earlier = this.#earlier.flatMap(({ instances }) => instances);
    return new Set([...this.#live.values(), ...earlier].map(({ phases }) => phases));
  }

  #make(entity: Entity): PluginInstance | undefined {
    const name = entity['name'] as string;
    const plugin = this.#services.handlers.get(name);
    if (plugin === undefined) return undefined;
    let phases = plugin.observes === true ? {} : BROKEN;
    const environment = this.#services.environment(name, entity);
    try {
      const made = plugin.create(this.#services.resolve(entity['config'] as JsonObject), environment);
      phases = phasesOf(made, environment.log);
      this.#environments.set(phases, environment);
    } catch (error) {
      environment.release();
      const former = this.#formerOf(entity, plugin);
      this.#services.onBroken(name, entity, error, former && 'former');
      if (former !== undefined) return this.#madeBy(this.#makers.get(former)!, { ...former, entity });
    }
    return this.#madeBy(plugin.create, { entity, name, priority: plugin.priority, phases });
  }

  #madeBy(create: LoadedPlugin['create'], instance: PluginInstance): PluginInstance {
    this.#makers.set(instance, create);
    return instance;
  }

  /** The same instance as other code of the same plugin made it. */
  #formerOf({ id }: Entity, { name, create }: LoadedPlugin): PluginInstance | undefined {
    for (const instance of this.#live.values()) {
      if (instance.entity.id === id && instance.name === name && this.#makers.get(instance) !== create) return instance;
    }
    return undefined;
  }
}
