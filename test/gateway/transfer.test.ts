// What goes through the gateway arrives as it was: bodies of many sizes in both directions, with and without a declared length,
// over every protocol that clients speak, several on one connection, with and without plugins that look at everything.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Running, start } from './rig.ts';
import { onTls, serverTls } from './tls-rig.ts';

const SIZES = [0, 1, 127, 1_024, 1_999, 2_000, 4_096, 8_193, 16_384, 16_385, 65_535, 65_536, 200_000, 1_500_000];

const pattern = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
};
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const DIGESTS = new Map(SIZES.map((size) => [size, digest(pattern(size))]));

interface Answer {
  readonly status: number;
  /** Of the request's body, as the upstream saw it: its digest, and its Content-Length or `chunked`. */
  readonly seen: string;
  readonly framing: string;
  readonly body: Buffer;
  readonly length: string | undefined;
}

interface Ask {
  readonly size: number;
  readonly answerSize: number;
  readonly isDeclared: boolean;
}

type Client = (ask: Ask) => Promise<Answer>;

/** Answers with as many bytes as the path says, and tells what it got in headers. */
const upstream = createServer((request, response) => {
  const hash = createHash('sha256');
  request.on('data', (chunk) => hash.update(chunk));
  request.on('end', () => {
    const [, size, framing] = request.url!.split('/');
    response.setHeader('x-seen', hash.digest('hex'));
    response.setHeader(
      'x-framing',
      request.headers['content-length'] ?? request.headers['transfer-encoding'] ?? 'none',
    );
    const bytes = pattern(Number(size));
    if (framing === 'declared') response.setHeader('content-length', bytes.length);
    else response.flushHeaders();
    response.end(bytes);
  });
});

const pathOf = ({ answerSize, isDeclared }: Ask): string => `/${answerSize}/${isDeclared ? 'declared' : 'open'}`;

function collect(incoming: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', reject);
    incoming.on('end', () => {
      const { headers, statusCode } = incoming;
      const [seen, framing] = [String(headers['x-seen']), String(headers['x-framing'])];
      resolve({ status: statusCode!, seen, framing, body: Buffer.concat(chunks), length: headers['content-length'] });
    });
  });
}

function http1(port: number, isSecure: boolean): { ask: Client; close(): void } {
  const agent = isSecure
    ? new TlsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
    : new Agent({ keepAlive: true, maxSockets: 1 });
  const ask: Client = (what) =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string> = { host: 'a.test' };
      if (what.size > 0 && what.isDeclared) headers['content-length'] = String(what.size);
      const method = what.size > 0 ? 'POST' : 'GET';
      const options = { host: '127.0.0.1', port, path: pathOf(what), method, headers, agent };
      const outgoing = (isSecure ? httpsRequest : httpRequest)(options, (incoming) => {
        collect(incoming).then(resolve, reject);
      });
      outgoing.on('error', reject);
      if (what.size > 0) outgoing.write(pattern(what.size));
      outgoing.end();
    });
  return { ask, close: () => agent.destroy() };
}

function http2(port: number, isSecure: boolean): { ask: Client; close(): void } {
  const session = connectHttp2(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  const ask: Client = (what) =>
    new Promise((resolve, reject) => {
      const declared = what.size > 0 && what.isDeclared ? { 'content-length': what.size } : {};
      const head = { ':method': what.size > 0 ? 'POST' : 'GET', ':path': pathOf(what), ':authority': 'a.test' };
      const stream = session.request({ ...head, ...declared }, { endStream: what.size === 0 });
      const chunks: Buffer[] = [];
      stream.on('response', (headers) => {
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const [seen, framing] = [String(headers['x-seen']), String(headers['x-framing'])];
          const length = headers['content-length'];
          resolve({ status: Number(headers[':status']), seen, framing, body: Buffer.concat(chunks), length });
        });
      });
      stream.on('error', reject);
      if (what.size > 0) stream.end(pattern(what.size));
    });
  return { ask, close: () => session.destroy() };
}

const PROTOCOLS = {
  'HTTP/1.1': (ports: readonly number[]) => http1(ports[0]!, false),
  'HTTP/1.1 over TLS': (ports: readonly number[]) => http1(ports[1]!, true),
  'HTTP/2': (ports: readonly number[]) => http2(ports[0]!, false),
  'HTTP/2 over TLS': (ports: readonly number[]) => http2(ports[1]!, true),
};

const WATCHERS = [
  { name: 'correlation-id', config: { header_name: 'X-Id' } },
  { name: 'response-transformer', config: { add: { headers: ['x-added:1'] } } },
  { name: 'request-transformer', config: { add: { headers: ['x-added:1'] } } },
  { name: 'file-log', config: { path: '/dev/null' } },
];

for (const [what, plugins] of [
  ['no plugin', []],
  ['plugins at work', WATCHERS],
] as const) {
  describe(`bodies of every size, ${what}`, () => {
    let running: Running;
    let ports: number[];
    before(async () => {
      if (!upstream.listening) await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      const services = [{ name: 's', url, routes: [{ name: 'r', paths: ['/'] }] }];
      const listen = [{ host: '127.0.0.1', port: 0 }, onTls];
      running = await start({ services, plugins }, { http2: true, tls: serverTls, listen });
      ports = running.gateway.addresses.map(({ port }) => port);
    });
    after(() => running.close());

    for (const [protocol, connect] of Object.entries(PROTOCOLS)) {
      for (const isDeclared of [true, false]) {
        it(`${protocol}, lengths ${isDeclared ? 'declared' : 'unknown'}`, { timeout: 20_000 }, async () => {
          const { ask, close } = connect(ports);
          const asks = SIZES.map((size, i) => ({ size, answerSize: SIZES[SIZES.length - 1 - i]!, isDeclared }));
          // One after the other, so that a wrong end shows in the next one; then all at once.
          for (const one of asks) check(one, await ask(one));
          for (const [i, answer] of (await Promise.all(asks.map(ask))).entries()) check(asks[i]!, answer);
          close();
        });
      }
    }
  });
}
after(() => upstream.close());

function check({ size, answerSize, isDeclared }: Ask, { status, seen, framing, body, length }: Answer): void {
  const what = `${size} up, ${answerSize} down`;
  assert.equal(status, 200, what);
  assert.equal(seen, DIGESTS.get(size), what);
  assert.equal(body.length, answerSize, what);
  assert.equal(digest(body), DIGESTS.get(answerSize), what);
  if (isDeclared) assert.equal(length, String(answerSize), what);
  if (isDeclared && size > 0) assert.equal(framing, String(size), what);
}
