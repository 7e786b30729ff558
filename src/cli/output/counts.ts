// `3 services, 1 route`: how many of each kind a state holds.
import type { State } from '../../state/state.ts';

export function describeCounts(state: State): string {
  const parts = [...state.schemas.entities.values()]
    .map((schema) => ({
      word: schema.deck?.kind ?? schema.name,
      plural: schema.name.replaceAll('_', ' '),
      count: state.count(schema.name),
    }))
    .filter(({ count }) => count > 0)
    .map(({ word, plural, count }) => `${count} ${count === 1 ? word : plural}`);
  return parts.length === 0 ? 'no entities' : parts.join(', ');
}
