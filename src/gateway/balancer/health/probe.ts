// One probe of one address, over a connection of its own: being able to connect is part of the question. Only the status
// of the answer is looked at.
import { connect, isIP } from 'node:net';
import type { CheckType } from '../config.ts';

export interface Probe {
  readonly type: CheckType;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly host: string;
  readonly serverName: string;
  readonly verify: boolean;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** For all of it; 0 stands for one second. */
  readonly timeoutMs: number;
}

export type ProbeOutcome =
  | { readonly kind: 'status'; readonly status: number }
  /** A TCP probe got through. */
  | { readonly kind: 'connected' }
  /** No connection, or none with acceptable TLS. */
  | { readonly kind: 'tcp' }
  | { readonly kind: 'timeout' }
  /** Connected, but the answer was not HTTP. */
  | { readonly kind: 'invalid' };

const DEFAULT_TIMEOUT_MS = 1000;

export async function runProbe(probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
  const timeout = AbortSignal.timeout(Math.ceil(probe.timeoutMs) || DEFAULT_TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  const outcome = probe.type === 'tcp' ? await connectOnly(probe, either) : await askStatus(probe, either);
  return timeout.aborted && outcome.kind === 'tcp' ? { kind: 'timeout' } : outcome;
}

function connectOnly({ address, port }: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const finish = (kind: 'connected' | 'tcp'): void => {
      socket.destroy();
      resolve({ kind });
    };
    socket.once('connect', () => finish('connected'));
    socket.on('error', () => finish('tcp'));
  });
}

async function askStatus(probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
  // Loaded by the first probe: most gateways start without any.
  const { Client, errors } = await import('undici');
  const isTls = probe.type === 'https' || probe.type === 'grpcs';
  const authority = isIP(probe.address) === 6 ? `[${probe.address}]` : probe.address;
  const servername = isIP(probe.serverName) === 0 ? { servername: probe.serverName } : {};
  const client = new Client(`${isTls ? 'https' : 'http'}://${authority}:${probe.port}`, {
    connect: { rejectUnauthorized: probe.verify, ...servername },
  });
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: probe.path,
      headers: { 'user-agent': 'gwctl healthcheck', ...lists(probe.headers), host: probe.host },
      signal,
    });
    body.on('error', () => undefined);
    return { kind: 'status', status: statusCode };
  } catch (error) {
    return { kind: error instanceof errors.HTTPParserError ? 'invalid' : 'tcp' };
  } finally {
    void client.destroy().catch(() => undefined);
  }
}

const lists = (headers: Probe['headers']): Record<string, string[]> =>
  Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), [...values]]));
