// Answers of a hostile or dying upstream, through server and pool: what the client gets, and that no connection with a doubt
// on it is used again.
import assert from 'node:assert/strict';
import type net from 'node:net';
import { describe, it } from 'node:test';
import { expand, fixture, listen, never, startEngine, talk } from './rig.ts';
import { readAnswers } from './strict-reader.ts';

interface Case {
  name: string;
  method?: string;
  answer: string;
  outcome: { status?: number; body?: string; truncated?: boolean; reused?: boolean };
}

const { answers } = fixture<{ answers: Case[] }>('answers');
const FURTHER: Case[] = [
  { name: 'a status of four digits', answer: 'HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n', outcome: { status: 502 } },
  { name: 'status 099', answer: 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n', outcome: { status: 502 } },
  { name: 'status 600', answer: 'HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n', outcome: { status: 502 } },
  { name: 'another protocol', answer: 'SSH-2.0-OpenSSH_9.2\r\n', outcome: { status: 502 } },
  { name: 'a negative length', answer: 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', outcome: { status: 502 } },
  {
    name: 'two lengths',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    outcome: { status: 502 },
  },
  {
    name: 'NUL in a header',
    answer: 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 502 },
  },
  { name: 'a bare CR', answer: 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok', outcome: { status: 502 } },
  {
    name: 'a folded header',
    answer: 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 502 },
  },
  {
    name: 'chunked in HTTP/1.0',
    answer: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    outcome: { status: 502 },
  },
  {
    name: '50 informational answers',
    answer: '{{repeat:HTTP/1.1 103 Early Hints\r\n\r\n:50}}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 502 },
  },
  {
    name: '16 informational answers',
    answer: '{{repeat:HTTP/1.1 103 Early Hints\r\n\r\n:16}}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 200, body: 'ok', reused: true },
  },
  {
    name: 'a head of 64 KiB in lines',
    answer:
      'HTTP/1.1 200 OK\r\n{{repeat:X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n:1400}}Content-Length: 2\r\n\r\nok',
    outcome: { status: 502 },
  },
  {
    name: 'an empty header value before the length',
    answer: 'HTTP/1.1 200 OK\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 200, body: 'ok', reused: true },
  },
  {
    name: 'no reason phrase',
    answer: 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 200, body: 'ok', reused: true },
  },
  {
    name: 'HEAD with a length',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    outcome: { status: 200, body: '', reused: true },
  },
  {
    name: 'HEAD with a body',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    outcome: { status: 200, body: '', reused: false },
  },
  {
    name: 'chunked with an extension',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
    outcome: { status: 200, body: 'ok', reused: true },
  },
  {
    name: 'bytes behind the last chunk',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nX',
    outcome: { status: 200, body: 'ok', reused: false },
  },
  {
    name: 'Connection: close',
    answer: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    outcome: { status: 200, body: 'ok', reused: false },
  },
  {
    name: 'a bad chunk size in the middle',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2 \r\nok\r\n0\r\n\r\n',
    outcome: { truncated: true },
  },
  {
    name: 'a bare LF behind chunk data',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n',
    outcome: { truncated: true },
  },
];

const second = 'GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n';

describe('answers of a hostile upstream', () => {
  for (const entry of [...answers, ...FURTHER]) {
    for (const mode of ['at once', 'byte by byte'] as const) {
      const bytes = expand(entry.answer.replace('{{half-close}}', ''));
      // Surplus that comes later than the next request cannot be told from its answer: only "at once" has one outcome.
      if (mode === 'byte by byte' && (bytes.length > 1_500 || entry.outcome.reused === false)) continue;
      it(`${entry.name}, ${mode}`, async () => {
        const used: net.Socket[] = [];
        const upstream = await listen((socket) => {
          let text = '';
          socket.on('data', (chunk) => {
            text += chunk.toString('latin1');
            if (!text.endsWith('\r\n\r\n')) return;
            used.push(socket);
            const isSecond = text.includes('/second');
            text = '';
            if (isSecond) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond');
            else if (mode === 'at once') {
              socket.write(bytes);
              if (entry.answer.includes('{{half-close}}')) socket.end();
            } else drip(socket, bytes, entry.answer.includes('{{half-close}}'));
          });
        });
        const engine = await startEngine({ upstreamPort: upstream.port });
        const method = entry.method ?? 'GET';
        const isHead = (index: number): boolean => method === 'HEAD' && index === 0;
        const first = Buffer.from(`${method} /first HTTP/1.1\r\nHost: a.test\r\n\r\n`);
        const isEnough = (text: string): boolean => text.endsWith('second');
        const reply = entry.outcome.truncated
          ? await talk(engine.port, [first], never)
          : await talk(engine.port, [first, Buffer.from(second)], isEnough);
        const { messages, rest } = readAnswers(reply.text, reply.end === 'closed', isHead);
        engine.close();
        upstream.close();
        const context = JSON.stringify(reply).slice(0, 600);
        if (entry.outcome.truncated) {
          assert.match(reply.text, /^HTTP\/1\.1 200 /, context);
          assert.notEqual(reply.end, 'open', context);
          assert.equal(messages.length, 0, 'the answer must not look whole');
          assert.notEqual(rest, '');
          return;
        }
        assert.equal(messages.length, 2, context);
        assert.match(messages[0]?.startLine ?? '', new RegExp(`^HTTP/1\\.1 ${entry.outcome.status} `), context);
        if (entry.outcome.body !== undefined) assert.equal(messages[0]?.body, entry.outcome.body);
        assert.equal(messages[1]?.body, 'second', context);
        if (entry.outcome.reused !== undefined && mode === 'at once') {
          assert.equal(used.at(-1) === used[0], entry.outcome.reused, 'use of the upstream connection');
        }
        if (entry.outcome.status === 502) assert.notEqual(used.at(-1), used[0]);
      });
    }
  }
});

function drip(socket: net.Socket, bytes: Buffer, halfClose: boolean): void {
  let at = 0;
  const step = (): void => {
    if (socket.destroyed) return;
    if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(step));
    else if (halfClose) socket.end();
  };
  step();
}
