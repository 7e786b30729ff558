// Entities with a time to live. Files and clients give seconds from now; a live state keeps the moment of expiry, in
// seconds since the epoch, in the same field.
import type { Json, JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import type { Change, State } from './state.ts';

const MAX_TTL_SECONDS = 100_000_000;

const mortalKinds = (state: State): string[] =>
  [...state.schemas.entities.values()].filter((schema) => schema.ttl === true).map((schema) => schema.name);

export const expiryAfter = (ttlSeconds: number, nowMs: number): number => Math.floor(nowMs / 1000) + ttlSeconds;

/** What is wrong with the `ttl` that a client gives. */
export function judgeLifetime(schema: EntitySchema, { ttl }: JsonObject): string | undefined {
  if (schema.ttl !== true || ttl === undefined || ttl === null) return undefined;
  const isRight = typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL_SECONDS;
  return isRight ? undefined : `must be an integer between 0 and ${MAX_TTL_SECONDS}`;
}

/** The `ttl` of `input`, which is right, starts now. */
export function startLifetime(schema: EntitySchema, { ttl }: JsonObject, entity: Entity, nowMs: number): void {
  if (schema.ttl === true && typeof ttl === 'number') entity['ttl'] = expiryAfter(ttl, nowMs);
}

/** Of the `ttl` of a live state; null is for ever. */
export const secondsLeft = (expiry: Json | undefined, nowMs: number): number | null =>
  typeof expiry === 'number' ? Math.max(0, expiry - Math.floor(nowMs / 1000)) : null;

/** The state of a file as a live one: every time to live starts now. */
export function startLifetimes(state: State, nowMs: number): State {
  const changes: Change[] = [];
  for (const kind of mortalKinds(state)) {
    for (const entity of state.list(kind)) {
      if (typeof entity['ttl'] !== 'number') continue;
      const mortal: Entity = { ...entity, ttl: expiryAfter(entity['ttl'], nowMs) };
      changes.push({ action: 'update', kind, entity: mortal });
    }
  }
  if (changes.length === 0) return state;
  const started = state.with(changes);
  return started.ok ? started.value : state;
}

/** Deletions of what has expired. */
export function findExpired(state: State, nowMs: number): Change[] {
  const now = nowMs / 1000;
  const changes: Change[] = [];
  for (const kind of mortalKinds(state)) {
    for (const entity of state.list(kind)) {
      if (typeof entity['ttl'] === 'number' && entity['ttl'] <= now)
        changes.push({ action: 'delete', kind, id: entity.id });
    }
  }
  return changes;
}
