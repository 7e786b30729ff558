// Mutated request heads: whatever the engine accepts, a strict reader of its own finds the same message in it, and what goes
// upstream is that message. Seeded, so that a failure can be run again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChunkDecoder } from '../../src/gateway/http1/chunked.ts';
import { compareHeads, createHead } from './compare-heads.ts';
import { fixture } from './fixtures.ts';
import { KINDS, mutate, PIECES, seeds } from './mutations.ts';
import { readRequests } from './strict-reader.ts';

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom(...KINDS),
  piece: fc.constantFrom(...PIECES),
  length: fc.integer({ min: 1, max: 12 }),
});

describe('mutated heads', () => {
  it('are refused, or read as a strict reader of its own reads them', () => {
    const head = createHead();
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 4 }), (seed, steps) => {
        if (compareHeads(head, mutate(seed, steps)) === 'accepted') accepted++;
      }),
      { numRuns: 60_000, seed: 20_261 },
    );
    assert.ok(accepted > 1_000, `${accepted} accepted`);
  });
});

describe('heads that once were read in two ways', () => {
  for (const { name, head, verdict } of fixture<{ heads: { name: string; head: string; verdict: string }[] }>(
    'fuzz-corpus',
  ).heads) {
    it(name, () => assert.equal(compareHeads(createHead(), head), verdict));
  }
});

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
