import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpstreamConfig } from '../../src/gateway/balancer/config.ts';
import { type HashSource, hashRequest } from '../../src/gateway/balancer/hash-on.ts';
import type { RequestContext } from '../../src/gateway/context.ts';
import { hashSource } from '../../src/gateway/hash-source.ts';
import { xxh32 } from '../../src/lib/xxh32.ts';
import { upstream } from './rig.ts';

const request = (given: Partial<HashSource>): HashSource => ({
  consumer: () => undefined,
  ip: () => '10.0.0.9',
  headers: () => [],
  cookie: () => undefined,
  path: () => '/foo',
  query: () => [],
  capture: () => undefined,
  ...given,
});

const hashOf = (fields: Partial<UpstreamConfig>, given: Partial<HashSource> = {}): number =>
  hashRequest({ ...upstream(), ...fields }, request(given)).hash;

test('each input is read in the form that is hashed', () => {
  assert.equal(hashOf({ hash_on: 'ip' }), xxh32('10.0.0.9'));
  assert.equal(hashOf({ hash_on: 'path' }), xxh32('/foo'));
  assert.equal(hashOf({ hash_on: 'consumer' }, { consumer: () => 'c1' }), xxh32('c1'));
  assert.equal(hashOf({ hash_on: 'header', hash_on_header: 'x' }, { headers: () => ['a', 'b'] }), xxh32('a, b'));
  assert.equal(
    hashOf({ hash_on: 'query_arg', hash_on_query_arg: 'q' }, { query: () => ['foo', 'bar'] }),
    xxh32('bar,foo'),
  );
  assert.equal(hashOf({ hash_on: 'query_arg', hash_on_query_arg: 'q' }, { query: () => [true] }), xxh32('true'));
  assert.equal(hashOf({ hash_on: 'uri_capture', hash_on_uri_capture: 'id' }, { capture: () => '7' }), xxh32('7'));
});

test('a path is hashed as if nothing in it had been escaped, and arguments as the bytes that they decode to', () => {
  const context = { path: '/a%2Fb', rawQuery: 'q=%E6%97%A5&q&q=a+b&r=x' } as unknown as RequestContext;
  const source = hashSource(context);
  assert.equal(source.path(), '/a/b');
  assert.deepEqual(source.query('q'), ['\u00e6\u0097\u00a5', true, 'a b']);
  assert.deepEqual(source.query('s'), []);
});

test('the fallback is used when the first input is missing', () => {
  const fields = { hash_on: 'header', hash_on_header: 'x', hash_fallback: 'ip' };
  assert.equal(hashOf(fields), xxh32('10.0.0.9'));
  assert.equal(hashOf(fields, { headers: () => ['v'] }), xxh32('v'));
});

test('without any input all requests hash alike', () => {
  assert.equal(hashOf({ hash_on: 'consumer', hash_fallback: 'none' }), xxh32(''));
});

test('a cookie that is missing is made, for the answer to set', () => {
  const fields = { hash_on: 'cookie', hash_on_cookie: 'sid', hash_on_cookie_path: '/app' };
  const made = hashRequest({ ...upstream(), ...fields }, request({}));
  const [, value] = /^sid=([0-9a-f-]{36}); Path=\/app; Same-Site=Lax; HttpOnly$/.exec(made.setCookie!)!;
  assert.equal(made.hash, xxh32(value!));
  const again = hashRequest({ ...upstream(), ...fields }, request({ cookie: () => value }));
  assert.deepEqual(again, { hash: made.hash, setCookie: undefined });
});
