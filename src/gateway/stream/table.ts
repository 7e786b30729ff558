// The configuration in the form in which connections use it: routes of tcp, tls, tls_passthrough and udp with their services
// and plugins. Made from a snapshot when the first connection needs it; parts that did not change are taken over.
import { isIP } from 'node:net';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { foreignId } from '../../state/table.ts';
import type { PluginInstance } from '../plugins/instances.ts';
import type { RouterFlavor, RouterRoute } from '../router/router.ts';
import { compileStreamRouter, type StreamRouter } from '../router/stream.ts';
import { type Snapshot, servesStreams } from '../snapshot.ts';

export interface StreamRoute extends RouterRoute {
  readonly entity: Entity;
  readonly service: Entity | undefined;
  readonly target: StreamTarget | undefined;
}

/** What a service says, milliseconds. */
export interface StreamTarget {
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
  readonly isEncrypted: boolean;
  readonly tries: number;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface StreamTable {
  readonly snapshot: Snapshot;
  readonly router: StreamRouter<StreamRoute>;
  /** Of a route, or (undefined) those that run for every connection; in order of priority. */
  plugins(route: Entity | undefined): readonly PluginInstance[];
}

export class StreamTables {
  readonly #flavor: RouterFlavor;
  readonly #report: (message: string) => void;
  #last: StreamTable | undefined = undefined;

  constructor(flavor: RouterFlavor, report: (message: string) => void) {
    this.#flavor = flavor;
    this.#report = report;
  }

  of(snapshot: Snapshot): StreamTable {
    const last = this.#last;
    if (last?.snapshot === snapshot) return last;
    const isSame = (kind: string): boolean => last?.snapshot.state.generation(kind) === snapshot.state.generation(kind);
    const router = last !== undefined && isSame('routes') && isSame('services') ? last.router : this.#route(snapshot);
    const known = new Map<Entity | undefined, readonly PluginInstance[]>();
    const plugins: StreamTable['plugins'] = (route) => {
      let own = known.get(route);
      if (own === undefined) {
        const { entries } = snapshot.streamPlanner.plan(route);
        own = entries.map(({ general }) => general).filter((instance) => instance !== undefined);
        known.set(route, own);
      }
      return own;
    };
    this.#last = { snapshot, router, plugins };
    return this.#last;
  }

  #route({ state }: Snapshot): StreamRouter<StreamRoute> {
    // Most are none of ours; the few that are come in an order that does not depend on how they came in.
    const routes: Entity[] = [];
    for (const route of state.each('routes')) if (servesStreams(route)) routes.push(route);
    routes.sort((a, b) => (a.id < b.id ? -1 : 1));
    const compiled = routes.map((route) => compileRoute(route, state)).filter((route) => route !== undefined);
    const router = compileStreamRouter(compiled, { flavor: this.#flavor });
    for (const { id, reason } of router.skipped) {
      this.#report(`route ${id} cannot be matched and is left out: ${reason}`);
    }
    return router;
  }
}

function compileRoute(entity: Entity, state: State): StreamRoute | undefined {
  const serviceId = foreignId(entity, 'service');
  const service = serviceId === undefined ? undefined : state.get('services', serviceId);
  if (service?.['enabled'] === false) return undefined;
  const target = service === undefined ? undefined : targetOf(service);
  return { ...(entity as unknown as RouterRoute), entity, service, target };
}

function targetOf(service: Entity): StreamTarget {
  const host = String(service['host']);
  const number = (name: string, fallback: number): number => (service[name] as number | null) ?? fallback;
  return {
    host,
    port: number('port', 80),
    isAddress: isIP(host) !== 0,
    isEncrypted: service['protocol'] === 'tls',
    tries: 1 + number('retries', 5),
    connectTimeoutMs: number('connect_timeout', 60_000),
    sendTimeoutMs: number('write_timeout', 60_000),
    idleTimeoutMs: number('read_timeout', 60_000),
  };
}
