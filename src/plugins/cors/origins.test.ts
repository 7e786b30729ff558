import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileOrigins } from './origins.ts';

const allowed = (origins: readonly string[], origin: string | undefined): string | undefined =>
  compileOrigins(origins).decide(origin).allow;

test('without origins, or with * alone, everybody may read and caches need not know', () => {
  for (const origins of [[], ['*']]) {
    const rule = compileOrigins(origins);
    assert.equal(rule.varies, false);
    assert.deepEqual(rule.decide('http://a.test'), { allow: '*', all: true });
    assert.deepEqual(rule.decide(undefined), { allow: '*', all: true });
  }
});

test('a single plain origin is answered as it is written', () => {
  for (const origin of ['http://other.test', undefined]) {
    assert.deepEqual(compileOrigins(['foo.test']).decide(origin), { allow: 'foo.test', all: false });
  }
});

test('* among others allows all, once there is an origin', () => {
  const rule = compileOrigins(['http://x.test', '*']);
  assert.equal(rule.varies, true);
  assert.deepEqual(rule.decide('http://a.test'), { allow: '*', all: true });
  assert.deepEqual(rule.decide(undefined), { allow: undefined, all: false });
});

test('expressions and plain origins decide as expected', () => {
  const optionalSubdomain = '(.*[./])?foo\\.test';
  const cases: readonly (readonly [readonly string[], string, string | undefined])[] = [
    [['foo\\.test'], 'http://foo.test', 'http://foo.test'],
    [['foo\\.test'], 'http://foo.test:80', 'http://foo.test'],
    [['foo\\.test'], 'https://foo.test:443', 'https://foo.test'],
    [['foo\\.test'], 'http://evilfoo.test', undefined],
    [['foo\\.test'], 'http://foo.test.evil.test', undefined],
    [[optionalSubdomain], 'http://something.foo.test', 'http://something.foo.test'],
    [[optionalSubdomain], 'http://foo.test:8000', 'http://foo.test:8000'],
    [[optionalSubdomain], 'http://evilfoo.test', undefined],
    [[`${optionalSubdomain}:8000`], 'http://foo.test:8000', 'http://foo.test:8000'],
    [[`${optionalSubdomain}:8000`], 'https://sub.foo.test:8000', 'https://sub.foo.test:8000'],
    [[`${optionalSubdomain}:8000`], 'http://foo.test:9000', undefined],
    [['https://(.*[.])?foo\\.test:8000'], 'https://foo.test:8000', 'https://foo.test:8000'],
    [['https://(.*[.])?foo\\.test:8000'], 'http://foo.test:8000', undefined],
    [['^http://(.*[.])?foo\\.test(:(80|90))?$'], 'http://foo.test:90', 'http://foo.test:90'],
    [['^http://(.*[.])?foo\\.test(:(80|90))?$'], 'http://foo.test:8000', undefined],
    [['foo.test', 'bar.test'], 'http://foo.test', undefined],
    [['http://foo.test', 'https://bar.test:1234'], 'https://bar.test:1234', 'https://bar.test:1234'],
    [['http://foo.test', 'https://bar.test:1234'], 'http://foo.test:80', 'http://foo.test'],
    [['http://foo.test:80', 'http://bar.test'], 'http://foo.test', 'http://foo.test'],
    [['http://foo.test', 'http://bar.test'], 'http://foo.test/path', undefined],
    [['http://foo.test', 'http://bar.test'], 'http://user@foo.test', undefined],
    [['(?i)foo\\.test'], 'http://FOO.test', 'http://FOO.test'],
    [['foo\\.test'], 'http://FOO.test', undefined],
    [['foo\\.test', 'http://x.test'], 'null', undefined],
    [['foo\\.test', 'http://x.test'], '', undefined],
  ];
  for (const [origins, origin, expected] of cases) {
    assert.equal(allowed(origins, origin), expected, `${origins.join(' ')} with ${origin}`);
  }
});

test('every alternative of an expression has to match the whole origin', () => {
  assert.equal(allowed(['foo\\.test|bar\\.test'], 'http://foo.test.evil.test'), undefined);
  assert.equal(allowed(['foo\\.test|bar\\.test'], 'http://evil-bar.test'), undefined);
  assert.equal(allowed(['foo\\.test|bar\\.test'], 'http://bar.test'), 'http://bar.test');
});

test('an origin of more than 256 characters matches no expression', () => {
  const long = `http://${'a'.repeat(300)}.foo.test`;
  assert.equal(allowed(['.*'], long), undefined);
  assert.equal(allowed(['.*'], long.slice(0, 256)), long.slice(0, 256));
});

test('an expression that could take exponential time is refused', () => {
  assert.throws(() => compileOrigins(['(a+)+x', 'http://b.test']), /nest/);
});
