// Entities with a time to live. Files and clients give seconds from now; a live state keeps the moment of expiry, in
// seconds since the epoch, in the same field.
import type { Entity } from '../schema/define.ts';
import type { Change, State } from './state.ts';

export const MAX_TTL_SECONDS = 100_000_000;

const mortalKinds = (state: State): string[] =>
  [...state.schemas.entities.values()].filter((schema) => schema.ttl === true).map((schema) => schema.name);

export const expiryAfter = (ttlSeconds: number, nowMs: number): number => Math.floor(nowMs / 1000) + ttlSeconds;

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
