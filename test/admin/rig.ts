// An Admin API over an empty store, on a free port.
import type { AddressInfo } from 'node:net';
import type { GuardOptions } from '../../src/admin/guard.ts';
import { createAdminServer } from '../../src/admin/server.ts';
import type { SpecialRoute } from '../../src/admin/special.ts';
import { parseState } from '../../src/control/file/parse.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { createState } from '../../src/state/state.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

export interface Admin {
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  /** What went wrong inside while answering. */
  readonly errors: unknown[];
  close(): Promise<void>;
}

export async function startAdmin({
  isDbless = false,
  guard = {},
  pluginRoutes = [],
  store: given,
}: {
  isDbless?: boolean;
  guard?: GuardOptions;
  pluginRoutes?: readonly SpecialRoute[];
  /** An empty one otherwise. */
  store?: Store;
} = {}): Promise<Admin> {
  const state = createState(createSchemas(bundledPlugins));
  const store = given ?? (isDbless ? new DeclarativeStore(state) : new MemoryStore(state));
  let level = 'notice';
  const errors: unknown[] = [];
  const idle = {
    total_requests: 0,
    connections_active: 0,
    connections_accepted: 0,
    connections_handled: 0,
    connections_reading: 0,
    connections_writing: 0,
    connections_waiting: 0,
  };
  const server = createAdminServer({
    store,
    auto: { now: () => Date.now() },
    parse: parseState,
    guard,
    pluginRoutes: () => pluginRoutes,
    node: {
      id: '5a8b9c0d-1111-4222-8333-444455556666',
      hostname: 'test',
      configuration: { database: isDbless ? 'off' : 'postgres', log_level: 'notice' },
      logLevel: {
        current: () => level,
        set: (next) => {
          level = next;
        },
      },
      plugins: bundledPlugins,
      counters: () => idle,
      health: { targets: () => new Map(), upstream: () => undefined, setTarget: () => true },
    },
    onError: (error) => errors.push(error),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store,
    errors,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Status and body of an answer; an empty object for none. */
export async function callJson(
  admin: Admin,
  method: string,
  path: string,
  body?: JsonObject,
): Promise<[number, JsonObject]> {
  const response = await fetch(admin.url + path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return [response.status, text === '' ? {} : (JSON.parse(text) as JsonObject)];
}
