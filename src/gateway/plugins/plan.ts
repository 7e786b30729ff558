// Which instance of each plugin runs for a request. Per plugin name at most one: the most specific scope wins. All chosen
// ones run in order of priority. Plans are made once for a route and kept; only plugins that have consumer-scoped instances
// are decided during the request, at their turn, with the consumer known then.
import type { Entity } from '../../schema/define.ts';
import { foreignId } from '../../state/table.ts';
import type { PluginInstance } from './instances.ts';

/** The chosen instances, sorted by priority, and the same list for each phase. */
export interface Chosen {
  readonly access: readonly PluginInstance[];
  readonly retry: readonly PluginInstance[];
  readonly response: readonly PluginInstance[];
  /** Those that look at the upstream's own answer. */
  readonly observe: readonly PluginInstance[];
  readonly header: readonly PluginInstance[];
  readonly body: readonly PluginInstance[];
  readonly log: readonly PluginInstance[];
  /** Those that look at messages of WebSockets, or hear of their end. */
  readonly socket: readonly PluginInstance[];
}

export interface PhasePlan {
  /** Everything is decided: nothing depends on the consumer. */
  readonly fixed: Chosen | undefined;
  readonly entries: readonly PlanEntry[];
}

export interface PlanEntry {
  /** Without regard to any consumer. */
  readonly general: PluginInstance | undefined;
  /** Undefined when this plugin has no consumer-scoped instance that could apply. */
  readonly forConsumer: ((consumer: string) => PluginInstance | undefined) | undefined;
}

export const NOTHING: Chosen = {
  access: [],
  retry: [],
  response: [],
  observe: [],
  header: [],
  body: [],
  log: [],
  socket: [],
};

export function choose(instances: readonly PluginInstance[]): Chosen {
  if (instances.length === 0) return NOTHING;
  return {
    access: instances.filter(({ phases }) => phases.access !== undefined),
    retry: instances.filter(({ phases }) => phases.retry !== undefined),
    response: instances.filter(({ phases }) => phases.response !== undefined),
    observe: instances.filter(({ phases }) => phases.upstream_answer !== undefined),
    header: instances.filter(({ phases }) => phases.header_filter !== undefined),
    body: instances.filter(({ phases }) => phases.body_filter !== undefined),
    log: instances.filter(({ phases }) => phases.log !== undefined),
    socket: instances.filter(
      ({ phases: { ws_client_frame, ws_server_frame, ws_close } }) =>
        (ws_client_frame ?? ws_server_frame ?? ws_close) !== undefined,
    ),
  };
}

/** @param caller a consumer, or a group behind `GROUP`; empty for everybody. */
const scopeKey = (route: string, service: string, caller: string): string => `${route}/${service}/${caller}`;

const GROUP = 'group:';

/** The groups that a consumer is in, in the order in which they are asked. */
export type GroupsOf = (consumer: string) => readonly string[];

interface PluginIndex {
  readonly priority: number;
  readonly name: string;
  readonly byScope: Map<string, PluginInstance>;
  hasConsumerScope: boolean;
}

export class PluginPlanner {
  readonly #indexes: readonly PluginIndex[];
  /** It outlives many routes, and must keep none of them. */
  readonly #plans = new WeakMap<Entity, PhasePlan>();
  readonly #withoutRoute: PhasePlan;
  /** Global instances with a rewrite handler, in order. */
  readonly rewrite: readonly PluginInstance[];
  /** The same for handshakes. */
  readonly certificate: readonly PluginInstance[];
  /** What runs on an answer to a request that no route matched. */
  readonly global: Chosen;
  /** Those that want certificates of clients. */
  readonly asking: readonly PluginInstance[];

  readonly #groupsOf: GroupsOf;

  constructor(instances: readonly PluginInstance[], groupsOf: GroupsOf) {
    this.#groupsOf = groupsOf;
    this.asking = instances.filter(({ phases }) => phases.certificateWish !== undefined);
    const byName = new Map<string, PluginIndex>();
    for (const instance of instances) {
      const { entity, name, priority } = instance;
      let index = byName.get(name);
      if (index === undefined) {
        index = { priority, name, byScope: new Map(), hasConsumerScope: false };
        byName.set(name, index);
      }
      const group = foreignId(entity, 'consumer_group');
      const caller = foreignId(entity, 'consumer') ?? (group === undefined ? '' : GROUP + group);
      if (caller !== '') index.hasConsumerScope = true;
      const key = scopeKey(foreignId(entity, 'route') ?? '', foreignId(entity, 'service') ?? '', caller);
      if (!index.byScope.has(key)) index.byScope.set(key, instance);
    }
    // Equal priorities run in descending order of name.
    this.#indexes = [...byName.values()].sort((a, b) => b.priority - a.priority || (a.name < b.name ? 1 : -1));
    const ofEverything = this.#indexes
      .map((index) => index.byScope.get(scopeKey('', '', '')))
      .filter((instance) => instance !== undefined);
    this.rewrite = ofEverything.filter(({ phases }) => phases.rewrite !== undefined);
    this.certificate = ofEverything.filter(({ phases }) => phases.certificate !== undefined);
    this.#withoutRoute = this.#make('', '');
    this.global = choose(
      this.#withoutRoute.entries.map((entry) => entry.general).filter((instance) => instance !== undefined),
    );
  }

  /** @param route the stored route, which knows its service; undefined for a request that no route matched. */
  plan(route: Entity | undefined): PhasePlan {
    if (route === undefined) return this.#withoutRoute;
    let plan = this.#plans.get(route);
    if (plan === undefined) {
      plan = this.#make(route.id, foreignId(route, 'service') ?? '');
      this.#plans.set(route, plan);
    }
    return plan;
  }

  #make(route: string, service: string): PhasePlan {
    const entries: PlanEntry[] = [];
    for (const index of this.#indexes) {
      const general = lookUp(index, route, service, '', []);
      const forConsumer = index.hasConsumerScope
        ? (consumer: string) => lookUp(index, route, service, consumer, this.#groupsOf(consumer))
        : undefined;
      if (general !== undefined || forConsumer !== undefined) entries.push({ general, forConsumer });
    }
    const isFixed = entries.every((entry) => entry.forConsumer === undefined);
    return { entries, fixed: isFixed ? choose(entries.map((entry) => entry.general!)) : undefined };
  }
}

/** Scopes from the most specific to the least: which of route, service and caller an instance is bound to. */
const PRECEDENCE: readonly (readonly [route: boolean, service: boolean, caller: 'consumer' | 'group' | 'any'])[] = [
  [true, true, 'consumer'],
  [true, true, 'group'],
  [true, false, 'consumer'],
  [false, true, 'consumer'],
  [true, false, 'group'],
  [false, true, 'group'],
  [true, true, 'any'],
  [false, false, 'consumer'],
  [false, false, 'group'],
  [true, false, 'any'],
  [false, true, 'any'],
  [false, false, 'any'],
];

/** An empty text means that the request has none: scopes that need one do not apply. */
function lookUp(
  index: PluginIndex,
  route: string,
  service: string,
  consumer: string,
  groups: readonly string[],
): PluginInstance | undefined {
  for (const [byRoute, byService, caller] of PRECEDENCE) {
    if ((byRoute && route === '') || (byService && service === '')) continue;
    const callers = caller === 'any' ? EVERYBODY : caller === 'group' ? groups : consumer === '' ? [] : [consumer];
    for (const one of callers) {
      const text = caller === 'group' ? GROUP + one : one;
      const found = index.byScope.get(scopeKey(byRoute ? route : '', byService ? service : '', text));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const EVERYBODY = [''] as const;
