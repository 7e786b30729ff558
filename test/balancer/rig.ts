// Shared by the balancer tests: upstream settings with Kong's defaults, servers on free ports, and waiting for a condition.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { ActiveChecks, BalancerTarget, UpstreamConfig } from '../../src/gateway/balancer/config.ts';
import { NameAnswer, plainEndpoint } from '../../src/gateway/dns/answer.ts';

const SUCCESS = { http_statuses: [200, 302], successes: 0 };
const FAILURE = {
  http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
  http_failures: 0,
  tcp_failures: 0,
  timeouts: 0,
};

export interface UpstreamChanges {
  readonly name?: string;
  readonly algorithm?: string;
  readonly host_header?: string;
  readonly use_srv_name?: boolean;
  readonly threshold?: number;
  readonly active?: {
    readonly [field in keyof Omit<ActiveChecks, 'healthy' | 'unhealthy'>]?: ActiveChecks[field];
  } & { readonly healthy?: Partial<ActiveChecks['healthy']>; readonly unhealthy?: Partial<ActiveChecks['unhealthy']> };
  readonly passive?: {
    readonly healthy?: Partial<ActiveChecks['healthy']>;
    readonly unhealthy?: Partial<ActiveChecks['unhealthy']>;
  };
}

export function upstream(changes: UpstreamChanges = {}): UpstreamConfig {
  const { active, passive, threshold = 0, name = 'u', ...rest } = changes;
  return {
    id: `id-of-${name}`,
    name,
    algorithm: 'round-robin',
    ...rest,
    healthchecks: {
      threshold,
      active: {
        type: 'http',
        concurrency: 10,
        timeout: 1,
        http_path: '/',
        https_verify_certificate: true,
        ...active,
        healthy: { ...SUCCESS, interval: 0, ...active?.healthy },
        unhealthy: { ...FAILURE, interval: 0, ...active?.unhealthy },
      },
      passive: {
        healthy: { http_statuses: [200, 201, 302], successes: 0, ...passive?.healthy },
        unhealthy: { ...FAILURE, http_statuses: [429, 500, 503], ...passive?.unhealthy },
      },
    },
  };
}

/** As a resolver tells it. */
export const answerOf = (...addresses: string[]): NameAnswer => new NameAnswer(addresses.map(plainEndpoint), 'A');

export const target = (host: string, weight = 100): BalancerTarget => ({ id: `t-${host}`, target: host, weight });

/** Serves until the test ends. */
export async function serve(t: TestContext, listener: RequestListener, host = '127.0.0.1'): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

export const portOf = (server: { address(): AddressInfo | string | null }): number =>
  (server.address() as AddressInfo).port;

/** Polls; gives up after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
