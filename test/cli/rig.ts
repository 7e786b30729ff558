// Commands in processes of their own, and the Admin API of this project with an empty store behind it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdminServer } from '../../src/admin/server.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { createState, type State } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';

const here = dirname(fileURLToPath(import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Called once with the process, to send signals. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

export async function gwctl(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [join(here, 'run-source.mjs'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  options.onStart?.((signal) => child.kill(signal));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export interface Gateway {
  readonly address: string;
  readonly store: MemoryStore;
  readonly state: State;
  /** `METHOD /path` of everything that was asked. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function startGateway(): Promise<Gateway> {
  const store = new MemoryStore(createState(createSchemas(pluginSchemas)));
  const nothing = {
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
    auto: { now: Date.now },
    node: {
      id: 'a0000000-0000-4000-8000-000000000000',
      hostname: 'test',
      configuration: {},
      plugins: [],
      counters: () => nothing,
      health: { targets: () => new Map(), upstream: () => undefined, setTarget: () => false },
    },
  });
  const requests: string[] = [];
  server.prependListener('request', (request: IncomingMessage) => requests.push(`${request.method} ${request.url}`));
  const { address, close } = await listen(server);
  return {
    address,
    store,
    get state() {
      return store.state;
    },
    requests,
    close,
  };
}

/** A server that answers as the test says. */
export const startServer = (listener: RequestListener): Promise<{ address: string; close(): Promise<void> }> =>
  listen(createServer(listener));

async function listen(server: Server): Promise<{ address: string; close(): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
