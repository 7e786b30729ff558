import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldsOf, findWay, type Trust } from './chain.ts';

/** A file of `fixtures/tls/clients`: a certificate, and those that a client sends after it. */
function read(name: string): X509Certificate[] {
  const text = readFileSync(new URL(`../../../fixtures/tls/clients/${name}.pem`, import.meta.url), 'utf8');
  return text
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((part) => part.includes('BEGIN'))
    .map((part) => new X509Certificate(part));
}

const root = read('root')[0]!;
const intermediate = read('intermediate')[0]!;
const now = Date.UTC(2030, 0, 1);

const wayOf = (name: string, more: Partial<Trust> = {}): string[] | undefined =>
  findWay(read(name), { trusted: [root], allowsPartial: false, now, ...more })?.map(({ subject }) =>
    subject.slice(subject.lastIndexOf('CN=') + 3),
  );

test('a way leads over what the client sent to a certificate that is trusted', () => {
  assert.deepEqual(wayOf('bob'), ['bob', 'Clients Root']);
  assert.deepEqual(wayOf('chained'), ['ann', 'Clients Intermediate', 'Clients Root']);
});

test('an intermediate certificate that was not sent may be among the trusted ones', () => {
  assert.equal(wayOf('chained-alone'), undefined);
  const trusted = [intermediate, root];
  assert.deepEqual(wayOf('chained-alone', { trusted }), ['ann', 'Clients Intermediate', 'Clients Root']);
});

test('a way may end below the root only where that is allowed', () => {
  const trusted = [intermediate];
  assert.equal(wayOf('chained', { trusted }), undefined);
  assert.deepEqual(wayOf('chained', { trusted, allowsPartial: true }), ['ann', 'Clients Intermediate']);
  assert.equal(wayOf('bob', { trusted, allowsPartial: true }), undefined);
});

test('who is not trusted vouches for nobody, whatever he calls himself', () => {
  assert.equal(wayOf('other'), undefined);
  assert.equal(wayOf('forged'), undefined);
  assert.equal(wayOf('bob', { trusted: [] }), undefined);
});

test('a certificate that may not issue others does not', () => {
  assert.equal(wayOf('by-client'), undefined);
});

test('more intermediate certificates than the authority above them allows are no way', () => {
  assert.equal(wayOf('too-deep'), undefined);
});

test('what must be understood and is not ends the way', () => {
  assert.equal(wayOf('narrow'), undefined);
});

test('the moment has to be in the time of every certificate on the way', () => {
  assert.equal(wayOf('expired'), undefined);
  assert.equal(wayOf('bob', { now: Date.UTC(2020, 5, 1) }), undefined);
  assert.equal(wayOf('bob', { now: Date.UTC(2300, 0, 1) }), undefined);
  // Good itself then, but its authority is not there yet.
  assert.equal(wayOf('expired', { now: Date.UTC(2020, 5, 1) }), undefined);
});

test('a certificate for servers is none for clients', () => {
  assert.equal(wayOf('server-only'), undefined);
});

test('a signature over a broken digest is none', () => {
  assert.equal(wayOf('weak'), undefined);
});

test('nothing sent is no way, and a great many certificates are no reason to go on for long', () => {
  assert.equal(findWay([], { trusted: [root], allowsPartial: false, now }), undefined);
  const many = Array.from({ length: 500 }, () => read('other')[0]!);
  assert.equal(findWay(many, { trusted: [root], allowsPartial: false, now }), undefined);
});

test('bytes that are no certificate have no fields', () => {
  for (const raw of [Buffer.alloc(0), Buffer.from([0x30, 0x80]), root.raw.subarray(0, 40), Buffer.alloc(60, 0x30)]) {
    assert.equal(fieldsOf({ raw } as X509Certificate), undefined);
  }
});

test('a certificate with any bytes changed is read, or not read, and nothing else happens', () => {
  const change = fc.record({ at: fc.nat(root.raw.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const raw = Buffer.from(root.raw);
      for (const { at, byte } of changes) raw[at] = byte;
      fieldsOf({ raw } as X509Certificate);
      let parsed: X509Certificate;
      try {
        parsed = new X509Certificate(raw);
      } catch {
        return;
      }
      const way = findWay([read('bob')[0]!, parsed], { trusted: [], allowsPartial: true, now });
      assert.equal(way, undefined);
      const asTrusted = findWay([parsed], { trusted: [root], allowsPartial: true, now });
      // Only what still is the trusted certificate itself passes.
      if (asTrusted !== undefined) assert.equal(parsed.fingerprint256, root.fingerprint256);
    }),
    { numRuns: 500 },
  );
});
