// A gateway from a state as a file would give it, upstreams that do what a test wants, and a client that shows raw lines.
import assert from 'node:assert/strict';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after } from 'node:test';
import { loadTexts } from '../../src/control/file/load.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import type { AccessRecord } from '../../src/gateway/core.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/gateway.ts';
import type { PluginDefinition } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { MemoryStore } from '../../src/store/memory.ts';

/** What a failed test left open is closed at the end of its file. */
const open: (() => Promise<void>)[] = [];
after(() => Promise.all(open.map((close) => close())));

function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const once = (): Promise<void> => (closing ??= close());
  open.push(once);
  return once;
}

export interface Upstream {
  readonly port: number;
  /** `METHOD target`, oldest first. */
  readonly seen: string[];
  close(): Promise<void>;
}

export async function startUpstream(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<Upstream> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url}`);
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: closeOnce(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  };
}

/** Answers with the request lines as JSON. */
export const echo = (request: IncomingMessage, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ target: request.url, headers: request.headers, raw: request.rawHeaders }));
};

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Running {
  readonly gateway: Gateway;
  readonly store: MemoryStore;
  readonly port: number;
  readonly logs: string[];
  readonly access: AccessRecord[];
  send(path: string, options?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Received>;
  close(): Promise<void>;
}

export async function loadState(content: object, plugins: readonly PluginDefinition[] = bundledPlugins) {
  const text = JSON.stringify({ _format_version: '3.0', ...content });
  const loaded = await loadTexts([{ name: 'test', text }], { schemas: createSchemas(plugins), ids: 'deterministic' });
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.diagnostics));
  return loaded.state;
}

export async function start(
  content: object,
  options: Partial<GatewayOptions> & { plugins?: readonly PluginDefinition[] } = {},
): Promise<Running> {
  const plugins = options.plugins ?? bundledPlugins;
  const store = new MemoryStore(await loadState(content, plugins));
  const logs: string[] = [];
  const access: AccessRecord[] = [];
  const gateway = await startGateway({
    listen: [{ host: '127.0.0.1', port: 0 }],
    ...options,
    store,
    plugins,
    events: { access: (record) => access.push(record), log: (level, message) => logs.push(`${level} ${message}`) },
  });
  const { port } = gateway.addresses[0]!;
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  return {
    gateway,
    store,
    port,
    logs,
    access,
    send: (path, { method = 'GET', headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const lines = {
          host: 'example.test',
          ...headers,
          ...(body === undefined ? {} : { 'content-length': body.length }),
        };
        const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers: lines, agent }, (incoming) => {
          let text = '';
          incoming.on('data', (chunk) => (text += chunk));
          incoming.on('error', reject);
          incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, text }));
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
    close: closeOnce(async () => {
      agent.destroy();
      await gateway.close(500);
    }),
  };
}

/** A port that nothing listens on. */
export async function deadPort(): Promise<number> {
  const upstream = await startUpstream(echo);
  await upstream.close();
  return upstream.port;
}

/** Sends raw bytes and waits for the connection to end. */
export const sendRaw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });

export async function until(isReached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await isReached()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`never happened: ${what}`);
}
