// A whole configuration that comes in place of another: what is the same in both is taken over as the same object, so that all
// that was made of it (routers, instances of plugins) stays, and only differences are worked out. It may come in pieces.
// Moments that a loader fills in do not count as a difference.
import { isEqual } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import type { Fact, State } from './state.ts';
import type { Result, Violation } from './violation.ts';

/** How many entities are looked at in one step. */
const STEP = 1000;

export class Succession {
  readonly #known: State;
  readonly #moments: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #seen = new Map<string, Set<string>>();
  readonly #differences: Fact[] = [];

  constructor(known: State) {
    this.#known = known;
    this.#moments = momentsOf(known.schemas);
    for (const kind of known.schemas.entities.keys()) this.#seen.set(kind, new Set());
  }

  take(facts: readonly Fact[]): void {
    for (const fact of facts) {
      this.#seen.get(fact.kind)!.add(fact.id);
      const before = this.#known.get(fact.kind, fact.id);
      if (before === undefined || !isSame(before, fact.entity!, this.#moments.get(fact.kind)!)) {
        this.#differences.push(fact);
      }
    }
  }

  /** What was not taken is gone. */
  *finish(): Generator<void, Result<State, Violation>> {
    for (const [kind, seen] of this.#seen) {
      let looked = 0;
      for (const { id } of this.#known.each(kind)) {
        if (++looked % STEP === 0) yield;
        if (!seen.has(id)) this.#differences.push({ kind, id, entity: undefined });
      }
    }
    if (this.#differences.length === 0) return { ok: true, value: this.#known };
    return yield* this.#known.adopting(this.#differences);
  }
}

/** All that a state holds, in an order in which it can be adopted. */
export function* factsOf(state: State): Generator<Fact, void> {
  for (const kind of state.schemas.entities.keys()) {
    for (const entity of state.list(kind)) yield { kind, id: entity.id, entity };
  }
}

function isSame(a: Entity, b: Entity, moments: ReadonlySet<string>): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && (moments.has(name) || isEqual(a[name], b[name])));
}

/** By kind, the fields that get the time of loading. */
const momentsOf = (schemas: SchemaSet): Map<string, ReadonlySet<string>> =>
  new Map(
    [...schemas.entities.values()].map(({ name, fields }) => [
      name,
      new Set(
        Object.entries(fields).flatMap(([field, { auto, ...rest }]) =>
          auto === true && 'timestamp' in rest ? [field] : [],
        ),
      ),
    ]),
  );
