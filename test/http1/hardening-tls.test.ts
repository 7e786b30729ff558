// The corpus of raw requests once more, over TLS: chunks of a TLS socket are read in another way, and must mean the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import * as tls from 'node:tls';
import { expand, fixture, recordingUpstream, startEngine } from './rig.ts';
import { readAnswers } from './strict-reader.ts';

interface Case {
  name: string;
  send: string;
  outcome: { refused?: number[]; served?: number; broken?: boolean; within?: string; closed?: boolean };
}

const { requests } = fixture<{ requests: Case[] }>('requests');
const pem = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const MARK = /\{\{(half-close|wait:\d+)\}\}/;

/** Sends the pieces a turn apart; everything that came until the other side closed or the answers are enough. */
function talk(port: number, pieces: readonly Buffer[], isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    let text = '';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(finish, 3000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (isEnough(text)) finish();
    });
    socket.on('end', finish);
    socket.on('error', finish);
    socket.on('secureConnect', () => {
      let next = 0;
      const send = (): void => {
        const piece = pieces[next++];
        if (piece !== undefined && !socket.destroyed) socket.write(piece, () => setImmediate(send));
      };
      send();
    });
  });
}

describe('requests of the hardening corpus over TLS', () => {
  let upstream: Awaited<ReturnType<typeof recordingUpstream>>;
  let engine: Awaited<ReturnType<typeof startEngine>>;
  let server: tls.Server;
  let port = 0;
  before(async () => {
    upstream = await recordingUpstream();
    engine = await startEngine({ upstreamPort: upstream.port });
    server = tls.createServer({ cert: pem('upstream'), key: pem('upstream.key'), allowHalfOpen: true }, (socket) =>
      engine.server.accept(socket),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.close();
    engine.close();
    upstream.close();
  });

  for (const entry of requests) {
    if (entry.outcome.within !== undefined || MARK.test(entry.send)) continue;
    const { outcome } = entry;
    const whole = expand(entry.send);
    const middle = Math.floor(whole.length / 2);
    for (const [how, pieces] of [
      ['whole', [whole]],
      ['in two', [whole.subarray(0, middle), whole.subarray(middle)]],
    ] as const) {
      it(`${entry.name}, ${how}`, async () => {
        upstream.take();
        const served = outcome.served ?? 0;
        const text = await talk(port, pieces, (so) => !outcome.closed && served > 0 && finals(so).length === served);
        const got = upstream.take();
        const context = `${JSON.stringify(text)} upstream ${JSON.stringify(got.text.slice(0, 400))}`;
        assert.deepEqual(got.faults, [], context);
        assert.equal(got.messages.length, served, context);
        const statuses = finals(text);
        if (outcome.refused !== undefined) assert.ok(outcome.refused.includes(statuses.at(-1) ?? 0), context);
        else if (!outcome.broken) assert.deepEqual(statuses, Array(served).fill(200), context);
      });
    }
  }
});

/** Statuses of the whole answers so far. */
function finals(text: string): number[] {
  return readAnswers(text, false)
    .messages.map((message) => Number(message.startLine.split(' ')[1]))
    .filter((status) => status >= 200);
}
