// One head through the engine and through a strict reader of its own. What the engine accepts, the reader must find the same
// message in; what it refuses needs no second opinion.
import assert from 'node:assert/strict';
import { createHeadParser } from '../../src/gateway/http1/llhttp.ts';
import { RequestHead } from '../../src/gateway/http1/request-head.ts';
import { readRequests } from './strict-reader.ts';

const limits = { lineBytes: 8_192, headerCount: 1_000, connectionTokens: 64 };

export const createHead = (): RequestHead => new RequestHead(createHeadParser('request'), limits);

export type Comparison = 'unfinished' | 'refused' | 'accepted';

/** Throws when the two disagree. */
export function compareHeads(head: RequestHead, whole: string): Comparison {
  const end = whole.indexOf('\r\n\r\n');
  if (end < 0) return 'unfinished';
  const text = whole.slice(0, end + 4);
  const bytes = Buffer.from(text, 'latin1');
  if (head.read(bytes, 0, bytes.length, text) !== undefined) return 'refused';
  const body = '0\r\n\r\n';
  const framed = head.bodyKind === 'chunked' ? text + body : text + 'x'.repeat(Math.min(head.bodyLength, 1_000));
  if (head.bodyLength > 1_000) return 'refused';
  const { messages, fault, rest } = readRequests(framed);
  assert.equal(fault, undefined);
  assert.equal(rest, '');
  assert.equal(messages.length, 1);
  const [message] = messages;
  assert.ok(message);
  const line = /^([A-Z-]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/.exec(message.startLine);
  assert.ok(line, message.startLine);
  assert.equal(head.method, line[1]);
  assert.equal(head.minor, Number(line[3]));
  const target = line[2]?.replace(/^https?:\/\/[^/?]*/i, '') ?? '';
  assert.equal(head.target, target.startsWith('/') || target === '*' ? target : `/${target}`);
  assert.equal(head.bodyKind, message.framing === 'until-close' ? 'none' : message.framing);
  const hosts = message.headers.filter(([name]) => name === 'host');
  assert.ok(hosts.length === 1 || (hosts.length === 0 && head.minor === 0));
  checkHeaders(head, message.headers);
  return 'accepted';
}

const HOP_BY_HOP = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy',
  'upgrade',
  'te',
  'transfer-encoding',
  'content-length',
  'expect',
  'http2-settings',
]);

/** The list holds every line that is not hop-by-hop, and sending it on gives the same lines again. */
function checkHeaders(head: RequestHead, all: [string, string][]): void {
  const named = all
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) =>
      value
        .toLowerCase()
        .split(',')
        .map((token) => token.trim()),
    );
  const kept = all.filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name));
  assert.deepEqual(
    [...head.headers.entries()].map(([name, value]) => [name.toLowerCase(), value]),
    kept,
  );
  assert.equal(head.headers.size, kept.length);
  const again = readRequests(`${head.headers.appendTo('GET / HTTP/1.1\r\n')}\r\n`);
  assert.equal(again.fault, undefined);
  assert.deepEqual(again.messages[0]?.headers, kept);
}
