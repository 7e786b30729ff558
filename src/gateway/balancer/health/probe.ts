// One probe of one address, over a connection of its own: being able to connect is part of the question. Only the status
// of the answer is looked at.
import { connect, isIP } from 'node:net';
import * as tls from 'node:tls';
import { utf8ToBytes } from '../../../lib/byte-text.ts';
import { escapePath } from '../../../lib/uri.ts';
import type { CheckType } from '../config.ts';

export interface Probe {
  readonly type: CheckType;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly host: string;
  readonly serverName: string;
  readonly verify: boolean;
  readonly tls: ProbeTls;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** For all of it; 0 stands for one second. */
  readonly timeoutMs: number;
}

/** PEM. */
export interface ProbeTls {
  /** Shown to the target. */
  readonly cert?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
  /** Who must have signed the target's certificate; the runtime's own list when undefined. */
  readonly ca?: readonly string[] | undefined;
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

/** Of an answer whose first line does not end. */
const MAX_LINE = 8192;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |\r?\n)/;

export function runProbe(probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
  const timeout = AbortSignal.timeout(Math.ceil(probe.timeoutMs) || DEFAULT_TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  return new Promise((resolve) => {
    const isTls = probe.type === 'https' || probe.type === 'grpcs';
    const socket = isTls ? secured(probe) : connect({ host: probe.address, port: probe.port });
    let text = '';
    let isOver = false;
    const finish = (outcome: ProbeOutcome): void => {
      if (isOver) return;
      isOver = true;
      either.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(outcome);
    };
    const giveUp = (): void => finish({ kind: timeout.aborted ? 'timeout' : 'tcp' });
    either.addEventListener('abort', giveUp);
    if (either.aborted) giveUp();
    socket.on('error', () => finish({ kind: 'tcp' }));
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      if (probe.type === 'tcp') finish({ kind: 'connected' });
      else socket.write(requestFor(probe), 'latin1');
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const isWhole = text.includes('\n') || text.length > MAX_LINE;
      if (isWhole) finish(readStatus(text));
    });
    // A connection that ends without an answer was one: what is wrong is not the network.
    socket.on('end', () => finish(readStatus(text)));
    socket.on('close', () => finish({ kind: 'tcp' }));
  });
}

function secured({ address, port, serverName, verify, tls: { cert, key, ca } }: Probe): tls.TLSSocket {
  return tls.connect({
    host: address,
    port,
    rejectUnauthorized: verify,
    // An address is no server name; whoever is called by one is verified by it.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(cert !== undefined && { cert: [...cert] }),
    ...(key !== undefined && { key: [...key] }),
    ...(ca !== undefined && { ca: [...ca] }),
  });
}

function readStatus(text: string): ProbeOutcome {
  const found = STATUS_LINE.exec(text);
  return found === null ? { kind: 'invalid' } : { kind: 'status', status: Number(found[1]) };
}

function requestFor({ path, host, headers }: Probe): string {
  const lines = [`GET ${escapePath(utf8ToBytes(path))} HTTP/1.1`, `Host: ${host}`];
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (!names.includes('user-agent')) lines.push('User-Agent: gwctl healthcheck');
  for (const [name, values] of Object.entries(headers)) {
    if (OURS.has(name.toLowerCase())) continue;
    for (const value of values) lines.push(`${name}: ${value}`);
  }
  // A value that would begin a line of its own is not sent.
  const safe = lines.filter((line) => !/[\r\n\0]/.test(line));
  return `${safe.join('\r\n')}\r\nConnection: close\r\n\r\n`;
}

const OURS: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);
