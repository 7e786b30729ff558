// The router of a changing configuration. A large one is built once and then extended by the routes that changed since;
// when those have become many, it is built anew in small steps, while what is there keeps answering.
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import type { IndexedRouter } from './build.ts';
import { compileRouterInSteps, type Router, type RouterOptions, type RouterRoute } from './router.ts';

/** So many changed routes, or so many among all, are worth building anew when there is time: a search looks twice till then. */
const MANY_CHANGES = 500;
const MANY_OF_ALL = 0.05;
/** More are not laid over what is there. */
const MOST_CHANGES = 1000;
/** More are not merged into what is there. */
const FEW_TO_REBUILD = 5000;
const STEP = 100;

export interface RoutingTableParts<R extends RouterRoute> {
  readonly options: RouterOptions;
  /** undefined for a route that takes no part. What was compiled of it before may still be right, and is then answered. */
  readonly compileRoute: (entity: Entity, state: State, before: R | undefined) => R | undefined;
  readonly report: (message: string) => void;
}

interface Base<R extends RouterRoute> {
  readonly state: State;
  readonly router: IndexedRouter<R>;
}

interface Changes<R> {
  readonly changed: readonly R[];
  /** Ids. */
  readonly removed: readonly string[];
  readonly count: number;
}

export class RoutingTable<R extends RouterRoute> {
  readonly #parts: RoutingTableParts<R>;
  #base: Base<R> | undefined = undefined;
  #changes = 0;
  #compared: { base: Base<R>; state: State; ids: ReadonlySet<string> | undefined } | undefined = undefined;
  /** What was compiled since, by id. */
  #recent = new Map<string, R>();
  #reported: ReadonlySet<string> = new Set();

  constructor(parts: RoutingTableParts<R>) {
    this.#parts = parts;
  }

  /** There are enough changes on top to build anew. */
  get isWorthBuilding(): boolean {
    const all = this.#base?.state.count('routes') ?? 0;
    return this.#changes > Math.min(MANY_CHANGES, all * MANY_OF_ALL);
  }

  /** undefined when too much has changed: then it takes `build`. */
  routerFor(state: State): Router<R> | undefined {
    const base = this.#base;
    if (base === undefined) return undefined;
    const changes = this.#changesSince(base, state, MOST_CHANGES);
    this.#changes = changes?.count ?? MOST_CHANGES + 1;
    if (changes === undefined) return undefined;
    if (changes.count === 0) return base.router;
    const router = base.router.extend(changes.changed, changes.removed);
    if (router !== undefined) this.#report(router);
    return router;
  }

  /** Asked for twice with each change. */
  #changedSince(base: Base<R>, state: State): ReadonlySet<string> | undefined {
    if (this.#compared?.base !== base || this.#compared.state !== state) {
      this.#compared = { base, state, ids: changedRoutes(base.state, state, FEW_TO_REBUILD) };
    }
    return this.#compared.ids;
  }

  /** `routerFor` will have an answer. The traditional flavour cannot promise that. */
  canExtendTo(state: State): boolean {
    const base = this.#base;
    if (base === undefined || this.#parts.options.flavor === 'traditional') return false;
    const ids = this.#changedSince(base, state);
    return ids !== undefined && ids.size <= MOST_CHANGES;
  }

  buildAtOnce(state: State): Router<R> {
    for (const _ of this.build(state));
    return this.#base!.router;
  }

  /** After the last step `routerFor` answers for this state, and for what differs little from it. */
  *build(state: State): Generator<void, void> {
    const base = this.#base;
    const changes = base === undefined ? undefined : this.#changesSince(base, state, FEW_TO_REBUILD);
    const router =
      base === undefined || changes === undefined
        ? yield* this.#buildAll(state)
        : yield* base.router.rebuild(changes.changed, changes.removed);
    this.#base = { state, router };
    this.#changes = 0;
    this.#recent = new Map();
    this.#report(router);
  }

  *#buildAll(state: State): Generator<void, IndexedRouter<R>> {
    const routes: R[] = [];
    let count = 0;
    for (const entity of state.each('routes')) {
      if (++count % STEP === 0) yield;
      const route = this.#parts.compileRoute(entity, state, undefined);
      if (route !== undefined) routes.push(route);
    }
    return yield* compileRouterInSteps(routes, this.#parts.options);
  }

  #changesSince(base: Base<R>, state: State, most: number): Changes<R> | undefined {
    const ids = this.#changedSince(base, state);
    if (ids === undefined || ids.size > most) return undefined;
    const changed: R[] = [];
    const removed: string[] = [];
    for (const id of ids) {
      const entity = state.get('routes', id);
      const before = this.#recent.get(id);
      const route = entity === undefined ? undefined : this.#parts.compileRoute(entity, state, before);
      if (route === undefined) removed.push(id);
      else {
        changed.push(route);
        this.#recent.set(id, route);
      }
    }
    return { changed, removed, count: ids.size };
  }

  #report(router: Router<R>): void {
    const reported = new Set<string>();
    for (const { id, reason } of router.skipped) {
      const message = `route ${id} cannot be matched and is left out: ${reason}`;
      if (!this.#reported.has(message)) this.#parts.report(message);
      reported.add(message);
    }
    this.#reported = reported;
  }
}

/** Ids of routes that are not the same in both, or whose service is not; undefined when they are more than `most`. */
function changedRoutes(before: State, after: State, most: number): ReadonlySet<string> | undefined {
  const routes = after.changedSince('routes', before, most);
  const services = after.changedSince('services', before, most);
  if (routes === undefined || services === undefined) return undefined;
  if (services.size === 0) return routes;
  const ids = new Set(routes);
  for (const service of services) {
    for (const { id } of after.children('routes', 'service', service)) {
      ids.add(id);
      if (ids.size > most) return undefined;
    }
  }
  return ids;
}
