// The configuration as a plugin reads it, and the entities that it owns as it writes them: through the one validator and the
// one store, as the Admin API does. What cannot be written because the world moved on is a value; a plugin that breaks its
// own schema or writes another's entities is a defect.
import { GwctlError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Clock, EntityStore, EntityWrite, PluginDefinition } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import { processEntity } from '../../schema/validate.ts';
import { expiryAfter } from '../../state/expiry.ts';
import type { Change, State } from '../../state/state.ts';
import type { Store } from '../../store/store.ts';

interface Planned {
  readonly changes: readonly Change[];
  /** One a write. */
  readonly entities: readonly Entity[];
}

export class PluginEntities implements EntityStore {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #owned: ReadonlySet<string>;

  constructor(store: Store, clock: Clock, owned: ReadonlySet<string>) {
    this.#store = store;
    this.#clock = clock;
    this.#owned = owned;
  }

  get isReadOnly(): boolean {
    return this.#store.isReadOnly;
  }

  get(kind: string, id: string): Entity | undefined {
    return this.#store.state.get(kind, id);
  }
  find(kind: string, field: string, value: string): Entity | undefined {
    return this.#store.state.find(kind, field, value);
  }
  findTuple(kind: string, values: JsonObject): Entity | undefined {
    return this.#store.state.findTuple(kind, values);
  }
  children(kind: string, field: string, parent: string): readonly Entity[] {
    return this.#store.state.children(kind, field, parent);
  }

  list(kind: string): readonly Entity[] {
    return this.#store.state.list(kind);
  }

  async write(writes: readonly EntityWrite[]): Promise<readonly Entity[] | undefined> {
    for (const { kind } of writes) {
      if (!this.#owned.has(kind))
        throw new GwctlError('E_INTERNAL', `the plugin does not own entities of kind ${kind}`);
    }
    let planned: Planned | undefined;
    const committed = await this.#store.commit((latest) => {
      planned = this.#plan(latest, writes);
      return planned?.changes ?? [];
    });
    return committed.ok ? planned?.entities : undefined;
  }

  /** Undefined when an entity to change is not there. */
  #plan(latest: State, writes: readonly EntityWrite[]): Planned | undefined {
    const changes: Change[] = [];
    const entities: Entity[] = [];
    for (const write of writes) {
      const { action, kind } = write;
      const existing = action === 'create' ? undefined : latest.get(kind, write.id);
      if (action !== 'create' && existing === undefined) return undefined;
      if (action === 'delete') {
        changes.push({ action, kind, id: write.id });
        entities.push(existing!);
      } else {
        const entity = this.#process(latest, kind, write.values, existing);
        changes.push({ action, kind, entity });
        entities.push(entity);
      }
    }
    return { changes, entities };
  }

  #process(latest: State, kind: string, values: JsonObject, existing: Entity | undefined): Entity {
    const processed = processEntity(latest.schemas, schemaOf(latest.schemas, kind), values, {
      auto: this.#clock,
      ...(existing === undefined ? {} : { existing }),
    });
    if (!processed.ok) {
      throw new GwctlError(
        'E_INTERNAL',
        `a plugin made an invalid entity of kind ${kind}: ${JSON.stringify(processed.errors)}`,
      );
    }
    const { ttl } = values;
    if (typeof ttl === 'number') processed.entity['ttl'] = expiryAfter(ttl, this.#clock.now());
    return processed.entity;
  }
}

/** Plugin → kinds of entities that it may write. */
export const kindsByPlugin = (plugins: readonly PluginDefinition[]): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    plugins.map(({ name, entities = [], writes = [] }) => [name, new Set([...entities.map((e) => e.name), ...writes])]),
  );
