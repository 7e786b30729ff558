// Between states and what a database keeps: one row for each entity, its body as JSON text. `place` grows with every row
// that is written, so that reading the rows in its order links children to parents in the order in which it once happened.
import { GwctlError } from '../lib/errors.ts';
import { isEqual } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { createState, type Fact, type State } from '../state/state.ts';
import type { Violation } from '../state/violation.ts';
import { completeEntity } from './complete.ts';

/** An entity as it is kept; without a body it is gone. */
export interface Row {
  readonly kind: string;
  readonly id: string;
  readonly body: string | null;
}

const rowOf = (state: State, kind: string, id: string): Row => {
  const entity = state.get(kind, id);
  return { kind, id, body: entity === undefined ? null : JSON.stringify(entity) };
};

/** Ids that some of the states touched, each once and where it was touched last, as rows of the last state. */
export function rowsTouched(states: readonly State[]): Row[] {
  const last = states.at(-1);
  if (last === undefined) return [];
  const ids = new Map<string, Set<string>>();
  for (const state of states) {
    for (const [kind, touched] of state.touched) {
      let all = ids.get(kind);
      if (all === undefined) ids.set(kind, (all = new Set()));
      for (const id of touched) {
        all.delete(id);
        all.add(id);
      }
    }
  }
  return [...ids].flatMap(([kind, all]) => [...all].map((id) => rowOf(last, kind, id)));
}

/** What has to be written to get from one state to another that was not made from it. */
export function rowsBetween(before: State, after: State): Row[] {
  const rows: Row[] = [];
  for (const kind of after.schemas.entities.keys()) {
    if (before.generation(kind) === after.generation(kind)) continue;
    for (const { id } of before.list(kind)) {
      if (after.get(kind, id) === undefined) rows.push({ kind, id, body: null });
    }
    for (const entity of after.list(kind)) {
      if (!isEqual(before.get(kind, entity.id), entity)) rows.push(rowOf(after, kind, entity.id));
    }
  }
  return rows;
}

/**
 * @param place where the rows were read, for the message when they make no state.
 * @param known a state whose entities are taken over where they are equal: what depends on them need not be made anew.
 */
export function stateOfRows(schemas: SchemaSet, rows: Iterable<Row>, place: string, known?: State): State {
  const facts = factsOf(schemas, rows, place).map((fact) => {
    const before = known?.get(fact.kind, fact.id);
    return before !== undefined && isEqual(before, fact.entity) ? { ...fact, entity: before } : fact;
  });
  return adoptFacts(createState(schemas), facts, place);
}

/** The next state when `rows` were written by somebody else. */
export function adoptRows(state: State, rows: Iterable<Row>, place: string): State {
  return adoptFacts(state, factsOf(state.schemas, rows, place), place);
}

function adoptFacts(state: State, facts: readonly Fact[], place: string): State {
  const adopted = state.adopt(facts);
  if (adopted.ok) return adopted.value;
  throw new GwctlError('E_STORE', `${place}: what is stored contradicts itself: ${describe(adopted.error)}`);
}

function factsOf(schemas: SchemaSet, rows: Iterable<Row>, place: string): Fact[] {
  const facts: Fact[] = [];
  const unknown = new Map<string, number>();
  for (const { kind, id, body } of rows) {
    const schema = schemas.entities.get(kind);
    if (schema === undefined) unknown.set(kind, (unknown.get(kind) ?? 0) + 1);
    else if (body === null) facts.push({ kind, id, entity: undefined });
    else facts.push({ kind, id, entity: completeEntity(schemas, schema, parseBody(kind, id, body, place)) });
  }
  if (unknown.size === 0) return facts;
  const list = [...unknown].map(([kind, count]) => `${kind} (${count})`).join(', ');
  throw new GwctlError('E_STORE', `${place} holds entities of kinds that are unknown here: ${list}`, {
    hint: 'A newer version of gwctl, or a plugin that is missing here, has written them.',
  });
}

function parseBody(kind: string, id: string, body: string, place: string): Entity {
  try {
    return JSON.parse(body) as Entity;
  } catch {
    throw new GwctlError('E_STORE', `${place}: the stored text of ${kind} ${id} is no JSON`);
  }
}

function describe(violation: Violation): string {
  switch (violation.code) {
    case 'unique':
      return `two ${violation.kind} hold ${JSON.stringify(violation.key)}`;
    case 'foreign':
      return `one of ${violation.kind} refers to ${violation.reference} ${JSON.stringify(violation.key)}, which is missing`;
    default:
      return `${violation.code} in ${violation.kind}`;
  }
}
