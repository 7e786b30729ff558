// Entities for tests of stores: valid, with ids, made without a gateway.
import assert from 'node:assert/strict';
import { createSchemas } from '../../src/entities/registry.ts';
import { newUuid } from '../../src/lib/ids.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import type { Entity } from '../../src/schema/define.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { type Change, createState, type State } from '../../src/state/state.ts';

export const schemas = createSchemas(pluginSchemas);
export const empty = createState(schemas);

export function entity(kind: string, input: JsonObject): Entity {
  const made = processEntity(
    schemas,
    schemaOf(schemas, kind),
    { id: newUuid(), ...input },
    { auto: { now: Date.now } },
  );
  assert.ok(made.ok, JSON.stringify(made));
  return made.entity;
}

export const create = (kind: string, made: Entity): Change => ({ action: 'create', kind, entity: made });
export const update = (kind: string, made: Entity): Change => ({ action: 'update', kind, entity: made });
export const remove = (kind: string, id: string): Change => ({ action: 'delete', kind, id });

export const service = (name: string): Entity => entity('services', { name, host: `${name}.test` });
export const consumer = (username: string): Entity => entity('consumers', { username });
export const route = (name: string, serviceId: string): Entity =>
  entity('routes', { name, paths: [`/${name}`], service: { id: serviceId } });

/** Everything that a state holds, for comparing two. */
export const contents = (state: State): JsonObject =>
  Object.fromEntries(
    [...state.schemas.entities.keys()]
      .filter((kind) => state.count(kind) > 0)
      .map((kind) => [kind, [...state.list(kind)]]),
  );

export const names = (state: State, kind: string, field = 'name'): string[] =>
  state
    .list(kind)
    .map((one) => String(one[field]))
    .sort();
