import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { decodePath, escapePath, normalise, parseHost, splitTarget } from '../../src/lib/uri.ts';
import { readFixture } from '../router/cases.ts';

const cases = readFixture<{
  normalise: [input: string, plain: string, merged: string][];
  escape: [input: string, escaped: string][];
  target: [target: string, path: string][];
}>('uris');

test('a path with every escape decoded is what it would have been without them', () => {
  assert.equal(decodePath('/a/b'), '/a/b');
  assert.equal(decodePath('/a%2Fb%3Fc'), '/a/b?c');
  assert.equal(decodePath('/a%2F%2F..%2Fb'), '/b');
  assert.equal(decodePath('/%2541%zz'), '/%41%zz');
});

describe('normalise', () => {
  for (const [input, plain, merged] of cases.normalise) {
    test(`${input} becomes ${merged}`, () => {
      assert.equal(normalise(utf8ToBytes(input), false), utf8ToBytes(plain));
      assert.equal(normalise(utf8ToBytes(input), true), utf8ToBytes(merged));
    });
  }

  test('decodes bytes, not characters: what is not UTF-8 survives', () => {
    assert.equal(normalise('/%FF%c3', true), '/\u00ff\u00c3');
    assert.equal(escapePath(normalise('/%FF%c3', true)), '/%FF%C3');
  });

  test('decodes once, so that normalising again may decode what was a literal percent sign before', () => {
    assert.equal(normalise('/%2541', true), '/%2541');
  });

  test('leaves neither dot segments nor, merging, empty ones', () => {
    const piece = fc.constantFrom('/', '.', '..', '//', 'a', '%2e', '%2E', '%2f', '%41', '%', '%zz', 'b c');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const normal = normalise(`/${pieces.join('')}`, true);
        assert.ok(normal.startsWith('/'));
        assert.doesNotMatch(normal, /\/\.{1,2}(\/|$)/);
        assert.doesNotMatch(normal, /\/\//);
      }),
    );
  });

  test('what goes upstream normalises to the path that was routed', () => {
    const piece = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2f', '%C3%B8', ' ', '%20', '%25', '%zz', '<', '{');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const routed = normalise(`/${pieces.join('')}`, true);
        const sent = escapePath(routed);
        fc.pre(!/%(?![0-9A-Fa-f]{2})/.test(routed));
        assert.equal(normalise(sent, true), routed);
      }),
    );
  });
});

describe('escape', () => {
  for (const [input, escaped] of cases.escape) {
    test(`${input} becomes ${escaped}`, () => assert.equal(escapePath(utf8ToBytes(input)), escaped));
  }
  test('what may stand in a URI stays, percent signs too', () => {
    assert.equal(escapePath("/a%20b!$&'()*+,:;=@~-_."), "/a%20b!$&'()*+,:;=@~-_.");
  });
});

describe('splitTarget', () => {
  for (const [target, path] of cases.target) {
    test(`${target} has the path ${path}`, () => assert.equal(splitTarget(target).path, path));
  }
  test('an empty query is not the same as none', () => {
    assert.deepEqual(splitTarget('/a?'), { path: '/a', query: '' });
    assert.deepEqual(splitTarget('/a'), { path: '/a', query: undefined });
    assert.deepEqual(splitTarget('/a?b?c'), { path: '/a', query: 'b?c' });
  });
});

describe('parseHost', () => {
  test('splits the port off, leaving IPv6 in its brackets', () => {
    assert.deepEqual(parseHost('a.test'), { name: 'a.test', port: undefined });
    assert.deepEqual(parseHost('a.test:80'), { name: 'a.test', port: 80 });
    assert.deepEqual(parseHost('[::1]'), { name: '[::1]', port: undefined });
    assert.deepEqual(parseHost('[::1]:80'), { name: '[::1]', port: 80 });
    assert.deepEqual(parseHost(''), { name: '', port: undefined });
  });
});
