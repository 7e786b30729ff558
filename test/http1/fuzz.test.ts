// Mutated request heads: whatever the engine accepts, a strict reader of its own finds the same message in it, and what goes
// upstream is that message. Seeded, so that a failure can be run again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChunkDecoder } from '../../src/gateway/http1/chunked.ts';
import { createHeadParser } from '../../src/gateway/http1/llhttp.ts';
import { RequestHead } from '../../src/gateway/http1/request-head.ts';
import { expand, fixture } from './rig.ts';
import { readRequests } from './strict-reader.ts';

const { requests } = fixture<{ requests: { send: string }[] }>('requests');
const seeds = requests.map((entry) => expand(entry.send).toString('latin1')).filter((text) => text.length < 600);

/** Grammar-aware pieces that mutations insert. */
const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  '\r\n ',
  '\x0b',
  '\x80',
  'Host: b.test\r\n',
  'Content-Length: 5\r\n',
  'Content-Length:\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: X-A\r\n',
  'Connection: close\r\n',
  'X-A: b\r\n',
  'X-A:\r\n',
  'X-A: \r\n',
  'Expect: 100-continue\r\n',
  '%',
  '#',
  '/../',
  'HTTP/1.1',
  '0',
  ';',
];

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('insert', 'delete', 'replace', 'flip', 'line'),
  piece: fc.constantFrom(...PIECES),
  length: fc.integer({ min: 1, max: 12 }),
});

function mutate(text: string, steps: { at: number; kind: string; piece: string; length: number }[]): string {
  let out = text;
  for (const { at, kind, piece, length } of steps) {
    const i = Math.floor(at * out.length);
    if (kind === 'insert') out = out.slice(0, i) + piece + out.slice(i);
    else if (kind === 'delete') out = out.slice(0, i) + out.slice(i + length);
    else if (kind === 'replace') out = out.slice(0, i) + piece + out.slice(i + piece.length);
    else if (kind === 'flip') out = out.slice(0, i) + String.fromCharCode(out.charCodeAt(i) ^ 0x20) + out.slice(i + 1);
    else {
      const start = out.indexOf('\r\n', i) + 2;
      out = out.slice(0, start) + (piece.endsWith('\r\n') ? piece : `${piece}\r\n`) + out.slice(start);
    }
  }
  return out;
}

const limits = { lineBytes: 8_192, headerCount: 1_000, connectionTokens: 64 };

describe('mutated heads', () => {
  it('are refused, or read as a strict reader of its own reads them', () => {
    const head = new RequestHead(createHeadParser('request'), limits);
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 4 }), (seed, steps) => {
        const whole = mutate(seed, steps);
        const end = whole.indexOf('\r\n\r\n');
        if (end < 0) return;
        const text = whole.slice(0, end + 4);
        const bytes = Buffer.from(text, 'latin1');
        if (head.read(bytes, 0, bytes.length, text) !== undefined) return;
        accepted++;
        const body = '0\r\n\r\n';
        const framed = head.bodyKind === 'chunked' ? text + body : text + 'x'.repeat(Math.min(head.bodyLength, 1_000));
        if (head.bodyLength > 1_000) return;
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
      }),
      { numRuns: 60_000, seed: 20_261 },
    );
    assert.ok(accepted > 1_000, `${accepted} accepted`);
  });
});

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

describe('chunked bodies', () => {
  it('come out the same however they are cut, and end where they end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom('', ';a=b', ';x="y z"', ';q'),
        (chunks, cuts, extension) => {
          const coded = `${chunks.map((chunk) => `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
          const decoder = new ChunkDecoder({ extensionBytes: 16_384, trailerBytes: 8_192 });
          const all = Buffer.from(`${coded}NEXT`, 'latin1');
          let payload = '';
          let at = 0;
          for (let i = 0; !decoder.done; i++) {
            const piece = Buffer.from(all.subarray(at, at + (cuts[i % cuts.length] as number)));
            const next = decoder.decode(piece, 0, piece.length);
            assert.ok(!decoder.faulty);
            payload += piece.toString('latin1', decoder.payloadStart, decoder.payloadEnd);
            at += next;
          }
          assert.equal(payload, chunks.join(''));
          assert.equal(all.toString('latin1', at), 'NEXT');
        },
      ),
      { numRuns: 2_000, seed: 20_262 },
    );
  });

  it('are refused when mutated, or read as a strict reader of its own reads them', () => {
    const start = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    fc.assert(
      fc.property(
        fc.constantFrom('5\r\nhello\r\n0\r\n\r\n', 'a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n'),
        fc.array(mutation, { maxLength: 3 }),
        (seed, steps) => {
          const coded = mutate(seed, steps);
          const decoder = new ChunkDecoder({ extensionBytes: 16_384, trailerBytes: 8_192 });
          const bytes = Buffer.from(coded, 'latin1');
          const end = decoder.decode(bytes, 0, bytes.length);
          if (!decoder.done) return;
          // What our decoder drops, the reader does not know.
          if (/;|\r\n0+\r\n[^\r]/.test(coded.slice(0, end)) || /^0+\r\n[^\r]/.test(coded)) return;
          const { messages, fault } = readRequests(start + coded.slice(0, end));
          assert.equal(fault, undefined, JSON.stringify(coded));
          assert.equal(messages[0]?.body, bytes.toString('latin1', decoder.payloadStart, decoder.payloadEnd));
        },
      ),
      { numRuns: 20_000, seed: 20_263 },
    );
  });
});
