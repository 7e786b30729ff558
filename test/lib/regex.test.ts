import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { compilePattern, literalPrefix, type PatternOptions } from '../../src/lib/regex.ts';

function regexOf(pattern: string, options?: PatternOptions): RegExp {
  const compiled = compilePattern(pattern, options);
  assert.ok(compiled.ok, compiled.ok ? '' : `${pattern}: ${compiled.reason}`);
  return compiled.regex;
}

function reasonOf(pattern: string, options?: PatternOptions): string {
  const compiled = compilePattern(pattern, options);
  assert.ok(!compiled.ok, `${pattern} was accepted`);
  return compiled.reason;
}

describe('what PCRE and Rust write otherwise', () => {
  const cases: [pattern: string, matches: string[], not: string[]][] = [
    ['(?P<id>\\d+)-(?<rest>.*)', ['12-x'], ['x']],
    ['(?i)^abc$', ['ABC', 'abc'], ['abd']],
    ['(?s)^a.b$', ['a\nb'], ['ab']],
    ['(?m)^b$', ['a\nb\nc'], ['ab']],
    ['\\Aab\\z', ['ab'], ['ab\n', 'xab']],
    ['\\Aab\\Z', ['ab', 'ab\n'], ['ab\n\n']],
    ['^\\h+$', [' \t'], ['\n', '\u00a0']],
    ['^[\\h,]+$', [', \t'], [',\n']],
    ['^[[:alpha:]][[:digit:]_]+$', ['a1_'], ['11', 'aa']],
    ['^[^[:space:]]+$', ['ab'], ['a b']],
    ['^\\Qa.b|(c\\E+$', ['a.b|(c', 'a.b|(cc'], ['axb|(c']],
    ['^\\Qa.b', ['a.b'], ['axb']],
    ['^[]a]+$', [']a]'], ['b']],
    ['^[^]a]+$', ['b'], [']', 'a']],
    ['^[a-]+$', ['-a'], ['b']],
    ['^\\x41\\x{42}$', ['AB'], ['ab']],
    ['^a{,2}$', ['a{,2}'], ['aa']],
    ['^\\s\\S$', ['\t\u00a0'], ['\u00a0x']],
    ['^.$', ['\r'], ['\n']],
    ['^a/b$', ['a/b'], ['ab']],
    ['^a(?i)b|c$', ['ab', 'aB', 'C'], ['Ab']],
    ['^(a(?i)b)c$', ['aBc'], ['aBC', 'ABc']],
    ['^(?i:a[b-c_]\\x64\\Qe\\E)f$', ['aBDEf', 'A_def'], ['abdeF']],
    ['^(?i:[^a])$', ['b'], ['a', 'A']],
    ['^(?s:a.)b.$', ['a\nbx'], ['a\nb\n']],
    ['(?s)^a.(?-s:b.)$', ['a\nbx'], ['a\nb\n']],
    ['^a\\n(?m:^b$)\\nc$', ['a\nb\nc'], ['a\nb']],
    ['(?m)^b$(?-m:\\n^c|$)', ['a\nb'], ['b\nc']],
  ];
  for (const [pattern, matches, not] of cases) {
    test(pattern, () => {
      const regex = regexOf(pattern);
      for (const text of matches) assert.match(text, regex);
      for (const text of not) assert.doesNotMatch(text, regex);
    });
  }

  test('anchored patterns match at the start only, alternatives and lines included', () => {
    assert.doesNotMatch('xb', regexOf('a|b', { anchored: true }));
    assert.match('bx', regexOf('a|b', { anchored: true }));
    assert.doesNotMatch('x\nb', regexOf('(?m)b', { anchored: true }));
  });
});

describe('a character of several bytes is one, as Rust has it', () => {
  const cases: [pattern: string, matches: string[], not: string[]][] = [
    ['^/.$', ['/a', '/é', '/日', '/😀'], ['/', '/éa']],
    ['^.{2}$', ['éa', '日é'], ['é', 'éaé']],
    ['^.+?é$', ['日é'], ['é']],
    ['^/\\w+$', ['/josé', '/日本'], ['/jos é']],
    ['^[\\w-]{4}$', ['josé', 'é-日a'], ['jos']],
    ['^[^/]{2}$', ['é日'], ['é/']],
    ['^\\W$', [' ', '-'], ['é', 'a']],
    ['^[^\\W]$', ['é', 'a'], [' ']],
    ['^é?日*x$', ['x', 'éx', '日日x'], ['ééx']],
    ['(?i)^A.$', ['aé', 'A日'], ['aéé']],
    ['(?i)^a(?-i)b\\w{2}$', ['Abé日'], ['ABé日', 'abé']],
    ['^..+$', ['日é', 'ab'], ['日']],
  ];
  for (const [pattern, matches, not] of cases) {
    test(pattern, () => {
      const regex = regexOf(utf8ToBytes(pattern), { lookaround: false });
      for (const text of matches) assert.match(utf8ToBytes(text), regex, text);
      for (const text of not) assert.doesNotMatch(utf8ToBytes(text), regex, text);
    });
  }

  test('and not one, as PCRE has it', () => {
    assert.doesNotMatch(utf8ToBytes('/é'), regexOf('^/.$'));
    assert.doesNotMatch(utf8ToBytes('/é'), regexOf('^/\\w+$'));
  });

  test('which makes no pattern slow', () => {
    for (const pattern of ['([^/]+?)/.+?', '(.|\\n)*x', '(?:\\w{1,3}-)+x', '(\\S)+/'])
      regexOf(pattern, { lookaround: false });
  });
});

describe('what is refused', () => {
  const unsupported: [pattern: string, reason: RegExp][] = [
    ['a++', /possessive/],
    ['a{2}+', /possessive/],
    ['(?>a)', /atomic/],
    ['(?R)', /recursion/],
    ['(?1)', /recursion/],
    ['(?P>x)', /recursion/],
    ['(?(1)a)', /conditional/],
    ['a\\Kb', /\\K/],
    ['\\Ga', /\\G/],
    ['\\p{L}', /\\p/],
    ['(?x)a b', /flag/],
    ['(?i)a(?-i)b', /behind \(\?i\)/],
    ['a(?x)b', /group/],
    ['(?i)*', /nothing to repeat/],
    ['(*UTF8)a', /group/],
    ['(?#note)a', /comment/],
    ['a\\', /backslash/],
    ['[a', /missing terminating \]/],
    ['(a', /parenthesis/],
    ['a)', /parenthesis/],
    ['*a', /nothing to repeat/],
    ['[z-a]', /range/],
    ['a{3,2}', /out of order/],
    ['(?<1>a)', /name/],
    ['(?<n>a)(?<n>b)', /./],
    [`${'('.repeat(300)}${')'.repeat(300)}`, /deeply/],
  ];
  for (const [pattern, reason] of unsupported) {
    test(pattern.slice(0, 40), () => assert.match(reasonOf(pattern), reason));
  }

  test('look-around and back-references, where Rust has none', () => {
    for (const pattern of ['a(?=b)', 'a(?!b)', '(?<=a)b', '(?<!a)b', '(a)\\1', '(?<n>a)\\k<n>']) {
      assert.match(reasonOf(pattern, { lookaround: false }), /look-around|back-reference/);
      regexOf(pattern);
    }
  });
});

describe('what could take too long', () => {
  const exponential = [
    '(a+)+',
    '(a*)*b',
    '(a|a)*b',
    '(a|aa)+$',
    '(.*)*x',
    '(\\w+\\s?)*x',
    '(\\d|\\w)*x',
    '(?:[a-z]+)+@',
    '([a-zA-Z]+)*$',
    '(a?b?)*c',
    '(/.*)*x',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*a){20}',
    '(x+x+)+y',
    '(?:(?:a|b)*c?)*d',
    '(?i)(a|A)*x',
    '(?=(a+)+b)c',
    '(ab|a|b)*c',
  ];
  for (const pattern of exponential) {
    test(`${pattern} is exponential`, () => assert.match(reasonOf(pattern), /exponential/));
  }

  const fine = [
    '/users/(?<id>\\d+)/profile$',
    '(?:/[^/]+)*',
    '/([^/]+/)*file$',
    '(\\w+-)*\\w+$',
    '/a/.*/b',
    '/a/.*/b/.*/c',
    '[^/]+/[^/]+/[^/]+/[^/]+/[^/]+$',
    '(a|b)*c',
    '(?:foo|bar)+$',
    '/v\\d+(?:\\.\\d+)*/items/?',
    '/\\d{4}-\\d{2}-\\d{2}(?:T\\d{1,2})?',
    '(\\d{1,3}\\.){3}\\d{1,3}',
    '^https?://([a-z0-9-]+\\.)*example\\.com(:\\d+)?$',
    '/users/(?P<fullname>[a-zA-Z\\s\\d%]+)/profile/?(?P<scope>[a-z]*)',
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    '/files/.*',
    '/.*/.*/.*',
  ];
  for (const pattern of fine) {
    test(`${pattern} is fine`, () => void regexOf(pattern, { lookaround: false, anchored: true }));
  }

  test('many repetitions that can share a text are too many, for long texts sooner', () => {
    assert.match(reasonOf('.*a.*b.*c.*d.*e'), /5 repetitions/);
    assert.match(reasonOf('/.*/a/.*/b/.*/c$', { lookaround: false }), /3 repetitions/);
    regexOf('.*a.*b.*c');
  });

  test('patterns of more than 8 KiB are refused unread, whatever they are made of', () => {
    for (const unit of ['(a|b)?', 'a', '(', '[']) {
      assert.equal(reasonOf(unit.repeat(1_000_000)), 'the pattern is longer than 8192 characters');
    }
    assert.ok(regexOf('/a'.repeat(4096)).test('/a'.repeat(4096)));
  });

  test('huge patterns are refused rather than studied', () => {
    assert.match(reasonOf(`(?:${'(?:a|b){1,5}'.repeat(600)})*`), /too large|exponential/);
  });
});

test('what JavaScript spells alike keeps its meaning', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '\\w',
    '(a|b)',
    '(?:ab|c)',
    '\\.',
    'a?',
    'b{1,2}',
    'c*?',
    '^',
    '$',
  );
  const texts = fc.array(fc.constantFrom('a', 'b', 'c', '.', '-'), { maxLength: 8 }).map((chars) => chars.join(''));
  fc.assert(
    fc.property(fc.array(atom, { maxLength: 5 }), texts, (atoms, text) => {
      const pattern = atoms.join('');
      const compiled = compilePattern(pattern);
      fc.pre(compiled.ok);
      const [ours, plain] = [compiled.regex.exec(text), new RegExp(pattern).exec(text)];
      assert.deepEqual(ours === null ? null : [...ours], plain === null ? null : [...plain]);
    }),
    { numRuns: 2000 },
  );
});

test('random bytes never make the compiler throw', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '?',
    '*',
    '+',
    '|',
    '\\',
    '^',
    '$',
    '.',
    '-',
    ':',
    'P',
    '<',
    'a',
    '1',
    ',',
    'Q',
    'E',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      compilePattern(pieces.join(''));
      literalPrefix(pieces.join(''));
    }),
    { numRuns: 5000 },
  );
});

describe('the literal prefix', () => {
  const cases: [pattern: string, prefix: string][] = [
    ['/api/v1', '/api/v1'],
    ['/api/v\\d', '/api/v'],
    ['/a\\.b/(c|d)/e', '/a.b/'],
    ['/ab?c', '/a'],
    ['/ab*', '/a'],
    ['/ab+', '/ab'],
    ['/ab{2}', '/a'],
    ['/a|/b', ''],
    ['/a/[b|c]/d', '/a/'],
    ['/a\\|b', '/a|b'],
    ['(?i)/a', ''],
    ['(/a)', ''],
    ['^/a', ''],
    ['/\\Qa|b\\E', ''],
  ];
  for (const [pattern, prefix] of cases) {
    test(`of ${pattern} is ${prefix}`, () => assert.equal(literalPrefix(pattern), prefix));
  }

  test('is the beginning of whatever matches', () => {
    const atom = fc.constantFrom(
      '/',
      'a',
      'b',
      '\\.',
      '[ab|]',
      '(a|b)',
      '|',
      'a?',
      'b*',
      'a+',
      '.',
      '\\w',
      '[]|]',
      '(?:a|/)',
    );
    const texts = fc
      .array(fc.constantFrom('/', 'a', 'b', '.', '|', ']'), { maxLength: 8 })
      .map((chars) => chars.join(''));
    fc.assert(
      fc.property(fc.array(atom, { maxLength: 6 }), texts, (atoms, text) => {
        const compiled = compilePattern(atoms.join(''), { anchored: true });
        fc.pre(compiled.ok);
        if (compiled.regex.test(text)) assert.ok(text.startsWith(literalPrefix(atoms.join(''))));
      }),
      { numRuns: 3000 },
    );
  });
});
