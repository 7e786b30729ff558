// For tests of plugins: the whole gateway with the plugin in it, an upstream that tells what it was asked, and a client.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tracingSettings } from '../config/tracing.ts';
import { loadTexts } from '../control/file/load.ts';
import { createSchemas } from '../entities/registry.ts';
import { startGateway } from '../gateway/gateway.ts';
import type { JsonObject } from '../lib/json.ts';
import type { PluginDefinition } from '../pdk/index.ts';
import { bundledPlugins } from '../plugins/index.ts';
import { MemoryStore } from '../store/memory.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request as the upstream got it. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestGateway {
  readonly url: string;
  /** What reached the upstream, oldest first. */
  readonly seen: readonly Seen[];
  /** `level message`, oldest first. */
  readonly logs: readonly string[];
  send(path: string, options?: SendOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

export interface TestGatewayOptions {
  /** The plugin under test; bundled ones are there as well. */
  readonly plugin: PluginDefinition;
  /** Of an instance that acts on every request. Left out, no instance is made. */
  readonly config?: JsonObject;
  /** Further content of a state file: consumers, credentials, plugins. */
  readonly state?: JsonObject;
  /** What the upstream answers; by default 200 and the request as JSON. */
  readonly answer?: (seen: Seen) => {
    readonly status?: number;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  };
}

/** One service and one route for every path; `close` it when the test ends. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { plugin, config, state = {}, answer } = options;
  const seen: Seen[] = [];
  const upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const one: Seen = { method: request.method ?? '', target: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      const given = answer?.(one) ?? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(one) };
      response.writeHead(given.status ?? 200, given.headers).end(given.body ?? '');
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

  const plugins = [...bundledPlugins.filter(({ name }) => name !== plugin.name), plugin];
  const instances = config === undefined ? [] : [{ name: plugin.name, config }];
  const content = {
    _format_version: '3.0',
    ...state,
    services: [{ name: 'test', url, routes: [{ name: 'test', paths: ['/'] }] }, ...((state['services'] as []) ?? [])],
    plugins: [...instances, ...((state['plugins'] as []) ?? [])],
  };
  const schemas = createSchemas(plugins, { use: 'serving' });
  const loaded = await loadTexts([{ name: 'test', text: JSON.stringify(content) }], { schemas, ids: 'deterministic' });
  if (!loaded.ok) {
    upstream.close();
    assert.fail(loaded.diagnostics.map(({ message }) => message).join('\n'));
  }
  const logs: string[] = [];
  const gateway = await startGateway({
    store: new MemoryStore(loaded.state),
    plugins,
    listen: [{ host: '127.0.0.1', port: 0 }],
    events: { access: undefined, log: (level, message) => logs.push(`${level} ${message}`) },
    // What a plugin measures can be looked at as opentelemetry sends it.
    tracing: tracingSettings(['all'], 1),
  });
  const { port } = gateway.addresses[0]!;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    logs,
    send: (path, sent = {}) => send(port, path, sent),
    async close() {
      await gateway.close(0);
      upstream.close();
      upstream.closeAllConnections();
    },
  };
}

const send = (port: number, path: string, { method = 'GET', headers = {}, body }: SendOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const lines = { host: 'example.test', ...headers } as Record<string, string>;
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers: lines }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
