// A started gateway in front of the echo upstream, with the given plugins and credentials, and a client that shows every
// header line it gets. Consumers bob, ann and anonymous always exist.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { createSchemas } from '../../src/entities/registry.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/gateway.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { PluginDefinition, SharedCounters } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { type Change, createState, type State } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { type EchoUpstream, startEcho } from './echo-upstream.ts';

export const CONSUMERS: Readonly<Record<string, string>> = {
  bob: 'a0000000-0000-4000-8000-000000000001',
  ann: 'a0000000-0000-4000-8000-000000000002',
  anonymous: 'a0000000-0000-4000-8000-000000000003',
};

/** One configured instance; scopes are names. */
export interface PluginInput {
  readonly name: string;
  readonly route?: string;
  readonly service?: boolean;
  readonly consumer?: string;
  readonly config?: JsonObject;
}

export interface SetUp {
  readonly plugins: readonly PluginInput[];
  /** name → paths; one route `r` for everything by default. */
  readonly routes?: Readonly<Record<string, readonly string[]>>;
  /** API key → consumer; the ids of the credentials are c0000000-… and count from 1. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Moment of expiry of a key, in seconds since the epoch. */
  readonly expiries?: Readonly<Record<string, number>>;
  /** More entities by kind; `consumer` is a name. */
  readonly entities?: Readonly<Record<string, readonly JsonObject[]>>;
  readonly trustedIps?: readonly string[];
  /** As a store that nodes share would have them. */
  readonly counters?: SharedCounters;
  /** X-Real-IP by default. */
  readonly realIpHeader?: string;
  readonly http2?: boolean;
  readonly definitions?: readonly PluginDefinition[];
  /** None by default. */
  readonly tracing?: GatewayOptions['tracing'];
  /** In place of the one of this machine. */
  readonly systemLogSocket?: string;
}

export interface Running {
  readonly gateway: Gateway;
  readonly store: MemoryStore;
  readonly echo: EchoUpstream;
  /** Lines that the gateway logged: `level message`. */
  readonly logs: string[];
  send(request: Sent): Promise<Received>;
  close(): Promise<void>;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  readonly transfer?: 'chunked' | 'none';
}

export interface Received {
  readonly status: number;
  /** All lines of that name, in order. */
  header(name: string): string[];
  readonly text: string;
}

const SERVICE_ID = 'b0000000-0000-4000-8000-000000000001';

export async function start(setUp: SetUp): Promise<Running> {
  const echo = await startEcho();
  const logs: string[] = [];
  const definitions = setUp.definitions ?? bundledPlugins;
  const store: MemoryStore = Object.assign(
    new MemoryStore(stateOf(setUp, definitions, echo.port)),
    setUp.counters === undefined ? {} : { counters: setUp.counters },
  );
  const gateway = await startGateway({
    store,
    plugins: definitions,
    listen: [{ host: '127.0.0.1', port: 0 }],
    events: { access: undefined, log: (level, message) => logs.push(`${level} ${message}`) },
    trust: {
      trustedIps: setUp.trustedIps ?? [],
      realIpHeader: setUp.realIpHeader ?? 'X-Real-IP',
      realIpRecursive: false,
    },
    ...(setUp.http2 === undefined ? {} : { http2: setUp.http2 }),
    ...(setUp.tracing === undefined ? {} : { tracing: setUp.tracing }),
    ...(setUp.systemLogSocket === undefined ? {} : { systemLogSocket: setUp.systemLogSocket }),
  });
  const { port } = gateway.addresses[0]!;
  return {
    gateway,
    store,
    echo,
    logs,
    send: (request) => send(port, request),
    async close() {
      await gateway.close(1000);
      await echo.close();
    },
  };
}

function stateOf(setUp: SetUp, definitions: readonly PluginDefinition[], port: number): State {
  const schemas = createSchemas(definitions);
  const changes: Change[] = [];
  const add = (kind: string, input: JsonObject, extra: JsonObject = {}): string => {
    const result = processEntity(schemas, schemaOf(schemas, kind), input, { auto: { now: () => Date.now() } });
    assert.ok(result.ok, result.ok ? '' : `${kind}: ${JSON.stringify(result.errors)}`);
    changes.push({ action: 'create', kind, entity: { ...result.entity, ...extra } });
    return result.entity.id;
  };
  add('services', { id: SERVICE_ID, name: 'echo', url: `http://127.0.0.1:${port}` });
  const routes = new Map<string, string>();
  for (const [name, paths] of Object.entries(setUp.routes ?? { r: ['/'] })) {
    routes.set(name, add('routes', { name, paths: [...paths], strip_path: false, service: { id: SERVICE_ID } }));
  }
  for (const [username, id] of Object.entries(CONSUMERS)) {
    add('consumers', { id, username, ...(username === 'bob' ? { custom_id: 'c-bob' } : {}) });
  }
  for (const [index, [key, consumer]] of Object.entries(setUp.keys ?? {}).entries()) {
    const id = `c0000000-0000-4000-8000-00000000000${index + 1}`;
    const expiry = setUp.expiries?.[key];
    const extra = expiry === undefined ? {} : { ttl: expiry };
    add('keyauth_credentials', { id, key, consumer: { id: CONSUMERS[consumer]! } }, extra);
  }
  for (const [kind, inputs] of Object.entries(setUp.entities ?? {})) {
    for (const { consumer, ...input } of inputs) {
      add(kind, typeof consumer === 'string' ? { ...input, consumer: { id: CONSUMERS[consumer]! } } : input);
    }
  }
  for (const { name, route, service, consumer, config } of setUp.plugins) {
    add('plugins', {
      name,
      config: config ?? {},
      ...(route === undefined ? {} : { route: { id: routes.get(route)! } }),
      ...(service === true ? { service: { id: SERVICE_ID } } : {}),
      ...(consumer === undefined ? {} : { consumer: { id: CONSUMERS[consumer]! } }),
    });
  }
  const state = createState(schemas).with(changes);
  assert.ok(state.ok, state.ok ? '' : JSON.stringify(state.error));
  return state.value;
}

function send(
  port: number,
  { method = 'GET', path = '/get', host = 'example.test', headers = {}, body, transfer }: Sent,
): Promise<Received> {
  const lines: [string, string][] = [['Host', host]];
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === 'string' ? [value] : value) lines.push([name, item]);
  }
  if (transfer === 'chunked') lines.push(['Transfer-Encoding', 'chunked']);
  else if (body !== undefined) lines.push(['Content-Length', String(Buffer.byteLength(body))]);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: lines.flat(), agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { rawHeaders } = incoming;
          resolve({
            status: incoming.statusCode!,
            header: (name) =>
              rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name.toLowerCase()),
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
