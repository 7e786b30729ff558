// Keeps the snapshot equal to the store. A change is compiled before the next request is routed, so that whoever was told
// that his write is done is also routed by it; while nobody asks, compiling waits until writes pause. Only when very many
// routes changed at once is the router built in slices, or when a plugin is used whose code is not loaded yet, the old
// snapshot serves until that is done: then whoever wrote has to wait for `settled`.
import type { State } from '../state/state.ts';
import type { Store, Unsubscribe } from '../store/store.ts';
import type { CompiledRoute } from './compiled-route.ts';
import type { Router } from './router/router.ts';
import { RoutingTable } from './router/routing-table.ts';
import { runInSlices, type SlicedWork } from './slices.ts';
import { type CompileParts, compileSnapshot, createRouteCompiler, type Snapshot } from './snapshot.ts';

/** Compiling ahead of requests may take at most one part in five of the time. */
const PAUSE_FACTOR = 4;
/** Fewer routes are built at once. */
const FEW_ROUTES = 1000;
/** While the router is built, a request may have to wait this long. */
const SLICE_MS = 1;

export class Reloader {
  readonly #parts: CompileParts;
  readonly #store: Store;
  readonly #unsubscribe: Unsubscribe;
  readonly #table: RoutingTable<CompiledRoute>;
  #snapshot: Snapshot;
  /** How many states the store told, and how many of them the snapshot knows. */
  #told = 0;
  #known = 0;
  #waiting: { readonly until: number; readonly resume: () => void }[] = [];
  #building: SlicedWork | undefined = undefined;
  #isLoading = false;
  #isClosed = false;
  /** The snapshot stays as it is until the building or the loading is done. */
  #isHeldBack = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #lastCompileMs = 0;

  constructor(store: Store, parts: CompileParts) {
    this.#parts = parts;
    this.#store = store;
    this.#table = new RoutingTable({
      options: parts.routing,
      compileRoute: createRouteCompiler(),
      report: (message) => parts.log('error', message),
    });
    this.#snapshot = compileSnapshot(store.state, this.#table.buildAtOnce(store.state), undefined, parts);
    this.#unsubscribe = store.subscribe(() => this.#notice());
  }

  /** What the next request is served by. */
  current(): Snapshot {
    if (this.#known < this.#told && !this.#isHeldBack) this.#compile();
    return this.#snapshot;
  }

  /** Resolves when `current` answers for all that the store told until now. */
  settled(): Promise<void> {
    const until = this.#told;
    if (this.#known < until && !this.#isHeldBack && !this.#lacksHandlers() && this.#takesBuilding()) this.#compile();
    if (!this.#isHeldBack || this.#known >= until) return Promise.resolve();
    return new Promise((resume) => this.#waiting.push({ until, resume }));
  }

  close(): void {
    this.#isClosed = true;
    this.#isHeldBack = false;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#building?.stop();
    this.#resume(Number.POSITIVE_INFINITY);
  }

  #notice(): void {
    this.#told += 1;
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.current();
    }, this.#lastCompileMs * PAUSE_FACTOR);
    this.#timer.unref();
  }

  /** Where the state is the first to use a plugin, its code is loaded, and what the store tells by then is served. */
  #lacksHandlers(): boolean {
    if (this.#isClosed) return true;
    const loading = this.#parts.handlers.load(this.#store.state);
    if (loading === undefined) return false;
    this.#isHeldBack = true;
    if (this.#isLoading) return true;
    this.#isLoading = true;
    void loading.then(() => {
      this.#isLoading = false;
      this.#isHeldBack = false;
      this.#compile();
    });
    return true;
  }

  #takesBuilding(): boolean {
    const { state } = this.#store;
    return state.count('routes') > FEW_ROUTES && !this.#table.canExtendTo(state);
  }

  #compile(): void {
    if (this.#lacksHandlers()) return;
    const startedAt = performance.now();
    const { state } = this.#store;
    const told = this.#told;
    try {
      const router = this.#table.routerFor(state) ?? this.#buildFew(state);
      if (router === undefined) {
        this.#isHeldBack = true;
        this.#build();
        return;
      }
      this.#known = told;
      this.#snapshot = compileSnapshot(state, router, this.#snapshot, this.#parts);
      if (this.#table.isWorthBuilding) this.#build();
    } catch (error) {
      this.#giveUp(error);
    }
    this.#resume(this.#known);
    this.#lastCompileMs = performance.now() - startedAt;
  }

  #buildFew(state: State): Router<CompiledRoute> | undefined {
    return state.count('routes') <= FEW_ROUTES ? this.#table.buildAtOnce(state) : undefined;
  }

  #build(): void {
    if (this.#building !== undefined) return;
    const { state } = this.#store;
    const told = this.#told;
    this.#building = runInSlices(this.#table.build(state), SLICE_MS);
    this.#building.done.then(
      (isDone) => {
        this.#building = undefined;
        if (!isDone) return;
        // What was written meanwhile may take another building: then at least this state is served, if it is news.
        const isNews = this.#isHeldBack && told > this.#known;
        this.#isHeldBack = false;
        if (isNews) this.#serve(state, told);
        if (this.#known < this.#told || !isNews) this.#compile();
      },
      (error: unknown) => {
        this.#building = undefined;
        this.#giveUp(error);
        this.#resume(this.#known);
      },
    );
  }

  #serve(state: State, told: number): void {
    this.#known = told;
    this.#snapshot = compileSnapshot(state, this.#table.routerFor(state)!, this.#snapshot, this.#parts);
    this.#resume(told);
  }

  /** The last good snapshot goes on serving; the state itself is valid, so this is a defect of ours. */
  #giveUp(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.log('error', `the new configuration could not be compiled, the old one keeps serving: ${text}`);
    this.#isHeldBack = false;
    this.#known = this.#told;
  }

  #resume(known: number): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ until }) => until > known);
    for (const { until, resume } of waiting) if (until <= known) resume();
  }
}
