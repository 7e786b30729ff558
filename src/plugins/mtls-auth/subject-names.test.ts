import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMON_NAME, readFields } from './certificate-fields.ts';
import { alternativeNameList, commonName, distinguishedName, namesOf } from './subject-names.ts';

const fieldsIn = (name: string) =>
  readFields(
    new X509Certificate(readFileSync(new URL(`../../../fixtures/tls/clients/${name}.pem`, import.meta.url))).raw,
  );

test('names are the alternative ones in their order, then the common name', () => {
  assert.deepEqual(namesOf(fieldsIn('by-san')), ['s@example.test', 'bob', '192.0.2.7', 'Somebody']);
  assert.deepEqual(namesOf(fieldsIn('bob')), ['bob']);
});

test('a subject is written from its most specific part, with what would mislead escaped', () => {
  assert.equal(distinguishedName(fieldsIn('bob').subject), 'CN=bob,O=Example\\, Inc.,C=NO');
  const odd = [
    { type: '1.2.3', value: ' x ' },
    { type: COMMON_NAME, value: 'a\nCN=admin+"b"' },
  ];
  assert.equal(distinguishedName(odd), 'CN=a\\0ACN=admin\\+\\"b\\",1.2.3=\\ x\\ ');
  assert.equal(commonName(odd), 'a\nCN=admin+"b"');
});

test('alternative names are listed with their kinds, and none can pass for two', () => {
  assert.equal(
    alternativeNameList(fieldsIn('by-san').alternativeNames),
    'email:s@example.test, DNS:bob, IP Address:192.0.2.7',
  );
  assert.equal(
    alternativeNameList([{ kind: 'URI', value: 'a:b, DNS:admin\r\nX: y' }]),
    'URI:a:b\\2C DNS:admin\\0D\\0AX: y',
  );
});

test('an empty name means nobody', () => {
  const subject = [{ type: COMMON_NAME, value: '' }];
  assert.deepEqual(namesOf({ subject, alternativeNames: [] }), []);
});

test('what a certificate demands is read', () => {
  assert.equal(fieldsIn('intermediate').pathLength, 0);
  assert.equal(fieldsIn('root').pathLength, undefined);
  assert.deepEqual(fieldsIn('bob').critical, ['2.5.29.19', '2.5.29.15']);
});
