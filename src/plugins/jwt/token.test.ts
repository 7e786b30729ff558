import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64Url, decodeToken } from './token.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (header: unknown, claims: unknown, signature = 'c2ln'): string =>
  `${part(header)}.${part(claims)}.${signature}`;
const reason = (text: string): string => {
  const decoded = decodeToken(text);
  return decoded.ok ? 'ok' : decoded.reason;
};
const HS = { alg: 'HS256' };

test('a token is taken apart', () => {
  const text = token({ ...HS, typ: 'whatever' }, { iss: 'k' });
  const decoded = decodeToken(text);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.token.claims, { iss: 'k' });
  assert.equal(decoded.token.algorithm, 'HS256');
  assert.equal(decoded.token.signed, text.slice(0, text.lastIndexOf('.')));
  assert.equal(decoded.token.signature.toString(), 'sig');
});

test('what is wrong is named', () => {
  for (const text of ['', '.', '..', 'a.b', `${part(HS)}.${part({})}`, 'abc.def.ghi', `${part(HS)}.eyJ.x`, '€.€.€']) {
    assert.equal(reason(text), 'invalid JSON', text);
  }
  for (const header of [{}, [], null, 5, 'HS256', { alg: 5 }, { alg: null }, { alg: 'none' }, { alg: 'None' }]) {
    assert.equal(reason(token(header, {})), 'invalid alg', JSON.stringify(header));
  }
  for (const alg of ['hs256', 'HS1', 'toString', '__proto__', 'RS256 ', '']) {
    assert.equal(reason(token({ alg }, {})), 'invalid alg', alg);
  }
  for (const claims of [null, [], 'x', 5, true]) assert.equal(reason(token(HS, claims)), 'invalid claims');
  for (const signature of ['a', '+/+/', 'a.b', 'abc d']) {
    assert.equal(reason(token(HS, {}, signature)), 'invalid signature', signature);
  }
});

test('base64url is strict; padding is allowed where it belongs', () => {
  assert.equal(decodeBase64Url('')?.length, 0);
  assert.equal(decodeBase64Url('YQ')?.toString(), 'a');
  assert.equal(decodeBase64Url('YQ==')?.toString(), 'a');
  assert.deepEqual(decodeBase64Url('-_-_'), Buffer.from([0xfb, 0xff, 0xbf]));
  for (const wrong of ['Y', 'YQ=', 'YQ===', 'Y=Q=', '+/+/', 'YQ\n', '=']) {
    assert.equal(decodeBase64Url(wrong), undefined, wrong);
  }
});
