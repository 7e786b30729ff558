// Every raw request of the corpus, whole and in pieces, alone and behind a good one. The oracle is what a recording upstream
// got, read by a reader of its own, and what the client got.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expand, fixture, never, recordingUpstream, startEngine, talk } from './rig.ts';
import { readAnswers } from './strict-reader.ts';

interface Case {
  name: string;
  group: string;
  send: string;
  outcome: {
    refused?: number[];
    served?: number;
    broken?: boolean;
    closed?: boolean;
    within?: string;
    absent?: string[];
    present?: string[];
    body?: string;
    bodyBytes?: number;
    host?: string;
    target?: string;
    continues?: boolean;
  };
}

const { requests } = fixture<{ requests: Case[] }>('requests');
const GOOD = Buffer.from('GET /good HTTP/1.1\r\nHost: good.test\r\n\r\n');
const ownTest = (entry: Case): boolean => entry.outcome.within !== undefined;

describe('requests of the hardening corpus', () => {
  let upstream: Awaited<ReturnType<typeof recordingUpstream>>;
  let engine: Awaited<ReturnType<typeof startEngine>>;
  before(async () => {
    upstream = await recordingUpstream();
    engine = await startEngine({ upstreamPort: upstream.port });
  });
  after(() => {
    engine.close();
    upstream.close();
  });

  /** Sends the pieces and checks the outcome; `goodFirst` counts the good request in front. */
  async function check(entry: Case, pieces: Buffer[], goodFirst: 0 | 1): Promise<void> {
    const { outcome } = entry;
    upstream.take();
    const expected = goodFirst + (outcome.served ?? 0);
    const isEnough = (text: string): boolean =>
      outcome.served !== undefined && !outcome.closed && finals(text).length === expected;
    const halfClose = entry.send.includes('{{half-close}}');
    const reply = await talk(engine.port, pieces, isEnough, { halfClose });
    const statuses = finals(reply.text);
    const got = upstream.take();
    const context = `${entry.name}: ${JSON.stringify(reply)} upstream ${JSON.stringify(got.text.slice(0, 400))}`;
    assert.deepEqual(got.faults, [], context);
    assert.equal(got.messages.length, expected, context);
    if (outcome.refused !== undefined) {
      assert.notEqual(reply.end, 'open', context);
      assert.equal(statuses.length, goodFirst + 1, context);
      assert.ok(outcome.refused.includes(statuses.at(-1) as number), context);
      assert.match(reply.text, /\r\nConnection: close\r\n/, context);
    } else if (outcome.broken) {
      assert.notEqual(reply.end, 'open', context);
      assert.ok(
        statuses.slice(goodFirst).every((status) => status === 400),
        context,
      );
    } else {
      assert.deepEqual(statuses, Array(expected).fill(200), context);
      if (outcome.closed) assert.equal(reply.end, 'closed', context);
    }
    for (const text of outcome.absent ?? []) assert.ok(!got.text.includes(text), context);
    for (const text of outcome.present ?? []) {
      assert.ok(got.text.includes(Buffer.from(text).toString('latin1')), context);
    }
    const message = got.messages[goodFirst];
    const header = (name: string) => message?.headers.find(([other]) => other === name)?.[1];
    if (outcome.body !== undefined) assert.equal(message?.body, outcome.body, context);
    if (outcome.bodyBytes !== undefined) assert.equal(message?.body.length, outcome.bodyBytes, context);
    if (outcome.host !== undefined) assert.equal(header('host'), outcome.host, context);
    if (outcome.target !== undefined) assert.equal(message?.startLine.split(' ')[1], outcome.target, context);
    if (outcome.continues) assert.match(reply.text, /^(?:HTTP[\s\S]*ok)?HTTP\/1\.1 100 Continue\r\n\r\n/, context);
  }

  const bytesOf = (entry: Case): Buffer => expand(entry.send.replace('{{half-close}}', ''));

  for (const entry of requests.filter((one) => !ownTest(one))) {
    it(`${entry.group}: ${entry.name}, at once and behind a good request`, async () => {
      const bytes = bytesOf(entry);
      await check(entry, [bytes], 0);
      await check(entry, [Buffer.concat([GOOD, bytes])], 1);
      await check(entry, [GOOD, bytes], 1);
      const fresh = await talk(engine.port, [GOOD], (text) => text.endsWith('ok'));
      assert.ok(fresh.text.startsWith('HTTP/1.1 200 '), 'a fresh connection is served');
    });
  }

  it('gives the same outcome one byte a write', async () => {
    for (const entry of requests.filter((one) => !ownTest(one) && bytesOf(one).length < 400)) {
      await check(
        entry,
        [...bytesOf(entry)].map((byte) => Buffer.from([byte])),
        0,
      );
    }
  });

  it('gives the same outcome split at every byte', async () => {
    for (const entry of requests.filter((one) => !ownTest(one) && bytesOf(one).length < 160)) {
      const bytes = bytesOf(entry);
      for (let at = 1; at < bytes.length; at++) await check(entry, [bytes.subarray(0, at), bytes.subarray(at)], 0);
    }
  });

  it('is not confused by an early answer: the body is drained or the connection closed', async () => {
    const entry = requests.find((one) => one.outcome.within === 'early answer') as Case;
    const early = await startEngine({
      onRequest: (exchange) => exchange.respond(401, undefined, exchange.headers, 'no'),
    });
    const reply = await talk(early.port, [bytesOf(entry)], never, { patienceMs: 1_500 });
    early.close();
    assert.equal(finals(reply.text).length, 1);
    assert.match(reply.text, /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*Connection: close/);
    assert.equal(reply.end, 'closed');
  });
});

function finals(text: string): number[] {
  return readAnswers(text, false)
    .messages.map((message) => Number(message.startLine.split(' ')[1]))
    .filter((status) => status >= 200);
}
