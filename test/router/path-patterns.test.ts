// Patterns taken apart match what they match whole, with the same groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PathPatterns } from '../../src/gateway/router/path-patterns.ts';
import { compilePattern } from '../../src/lib/regex.ts';

const atom = fc.constantFrom(
  '/',
  'a',
  'b',
  'a+',
  'b+?',
  '\\.',
  '\\.+',
  '[ab|]',
  '(a|b)',
  '(?<n>a*)',
  '|',
  'a?',
  'b*',
  '.',
  '\\w',
  '\\b',
  '^',
  '$',
  '(?<=a)',
  '(?<!/a)',
  '(?=b)',
  '(?i)',
  '(?:a|/)',
  '\\Qa|\\E',
);
const texts = fc.array(fc.constantFrom('/', 'a', 'A', 'b', '.', '|'), { maxLength: 8 }).map((chars) => chars.join(''));

for (const lookaround of [true, false]) {
  test(`taken apart or whole: the same match${lookaround ? ', with looking around' : ''}`, () => {
    const patterns = new PathPatterns(lookaround);
    let matched = 0;
    fc.assert(
      fc.property(fc.array(atom, { maxLength: 6 }), texts, (atoms, text) => {
        const pattern = atoms.join('');
        const whole = compilePattern(pattern, { lookaround, anchored: true });
        const apart = patterns.compile(pattern);
        assert.equal(apart.ok, whole.ok, pattern);
        if (!apart.ok || !whole.ok) return;
        apart.regex.lastIndex = apart.prefix.length;
        const found = text.startsWith(apart.prefix) ? apart.regex.exec(text) : null;
        const expected = whole.regex.exec(text);
        assert.equal(found !== null, expected !== null, `${pattern} on ${text}`);
        if (found === null || expected === null) return;
        matched += 1;
        assert.deepEqual([apart.prefix + found[0], ...found.slice(1)], [...expected], `${pattern} on ${text}`);
        assert.deepEqual({ ...found.groups }, { ...expected.groups });
      }),
      { numRuns: 20_000 },
    );
    assert.ok(matched > 500);
  });
}

test('patterns that differ in how they begin share an expression', () => {
  const patterns = new PathPatterns(false);
  const [one, other] = ['/r1/(?<id>\\d+)/x$', '/r2/(?<id>\\d+)/x$'].map((text) => patterns.compile(text));
  assert.ok(one?.ok && other?.ok);
  assert.deepEqual([one.prefix, other.prefix], ['/r1/', '/r2/']);
  assert.equal(one.regex, other.regex);
});
