// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates of state files.
// The fast readers and the one that keeps positions must agree on every text.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { renderEnv } from '../../src/control/file/env.ts';
import { createLocator } from '../../src/control/file/locate.ts';
import { parseState } from '../../src/control/file/parse.ts';

const words = fc.constantFrom(
  'yes',
  'no',
  'on',
  'off',
  'True',
  'FALSE',
  '~',
  'null',
  '010',
  '0x1f',
  '1e3',
  '1_000',
  '.5',
  '2020-01-01',
  '12:30',
  'y',
  'n',
  '=',
  '<<x',
  '0o7',
  '-',
  'plain text',
  "it's",
);
const leaf = fc.oneof(
  words,
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const key = fc
  .oneof(words, fc.string({ minLength: 1, maxLength: 8 }))
  .filter((text) => !['__proto__', 'constructor', 'prototype', '<<'].includes(text));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('parsing state files', () => {
  it('reads the same from YAML by both readers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, tree!, { noNullPrototype: true }), async (value) => {
        const text = stringify(value, { defaultStringType: 'PLAIN', lineWidth: 0 });
        const fast = await parseState(text);
        const slow = await createLocator(text);
        if (fast.ok)
          assert.deepEqual(
            fast.value ?? null,
            Object.keys(value).length === 0 && fast.value === undefined ? null : slow.toJs(),
          );
        else
          assert.ok(
            slow.syntaxErrors.length > 0 || fast.kind === 'value',
            `only one reader refuses:\n${text}\n${fast.message}`,
          );
      }),
      { numRuns: 300 },
    );
  });

  it('reads plain words the same by both readers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1 }), async (list) => {
        const text = list.map((word, i) => `k${i}: ${word}`).join('\n');
        const fast = await parseState(text);
        const slow = await createLocator(text);
        assert.equal(fast.ok, slow.syntaxErrors.length === 0, text);
        if (fast.ok) assert.deepEqual(fast.value, slow.toJs());
      }),
      { numRuns: 200 },
    );
  });

  it('reads JSON as JSON.parse does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, tree!, { noNullPrototype: true }), async (value) => {
        const text = JSON.stringify(value);
        const parsed = await parseState(text);
        assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
        assert.deepEqual(parsed.value, JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  it('refuses duplicate keys in JSON', async () => {
    for (const text of ['{"a": 1, "a": 2}', '{"x": {"b\\"": 1, "b\\"": 2}}', '{"x": [{"c": ":", "c" : 1}]}']) {
      assert.equal((await parseState(text)).ok, false, text);
    }
  });

  it('reads flow YAML that looks like JSON', async () => {
    assert.deepEqual(await parseState('{a: 1, b: [x, y]}'), { ok: true, value: { a: 1, b: ['x', 'y'] } });
  });

  it('refuses keys that could change a prototype, in YAML and JSON', async () => {
    for (const text of [
      'a: {__proto__: {x: 1}}',
      '{"a": {"__proto__": {"x": 1}}}',
      'constructor: 1',
      '- {prototype: 1}',
    ]) {
      const parsed = await parseState(text);
      assert.equal(parsed.ok, false, text);
      assert.match(parsed.ok ? '' : parsed.message, /is not allowed/);
    }
    assert.equal(({} as { x?: number }).x, undefined);
  });

  it('refuses numbers without a value and too deep nesting', async () => {
    assert.equal((await parseState('a: .inf')).ok, false);
    assert.equal((await parseState('a: .nan')).ok, false);
    assert.equal((await parseState(`${'['.repeat(70)}${']'.repeat(70)}`)).ok, false);
    assert.equal((await parseState(`${'- '.repeat(70)}x`)).ok, false);
  });
});

describe('environment variables in state files', () => {
  const render = (text: string, env: Record<string, string> = {}): string => renderEnv(text, env).text;
  const problem = (text: string, env: Record<string, string> = {}): string =>
    renderEnv(text, env).problems[0]?.message ?? '';

  it('replaces what is there and keeps the rest', () => {
    assert.equal(render('a: ${{ env "DECK_A" }}-${{env "GWCTL_B"}}\n', { DECK_A: 'x', GWCTL_B: 'y' }), 'a: x-y\n');
  });

  it('accepts an empty value', () => {
    assert.equal(render('a: "${{ env "DECK_A" }}"', { DECK_A: '' }), 'a: ""');
  });

  it('converts by pipes', () => {
    const env = { DECK_A: '+08', DECK_B: 'T', DECK_C: '1.50', DECK_D: 'a\nb' };
    assert.equal(render('${{ env "DECK_A" | toInt }}', env), '8');
    assert.equal(render('${{ env "DECK_B" | toBool }}', env), 'true');
    assert.equal(render('${{ env "DECK_C" | toFloat }}', env), '1.5');
    assert.equal(render('x: |\n  ${{ env "DECK_D" | indent 2 }}', env), 'x: |\n  a\n  b');
  });

  it('refuses values that a pipe cannot convert, without showing them', () => {
    assert.equal(problem('${{ env "DECK_A" | toInt }}', { DECK_A: 'hunter2' }), "the value of 'DECK_A' is no integer");
    assert.equal(problem('${{ env "DECK_A" | toBool }}', { DECK_A: 'yes' }), "the value of 'DECK_A' is no boolean");
    assert.equal(problem('${{ env "DECK_A" | toFloat }}', { DECK_A: '' }), "the value of 'DECK_A' is no number");
  });

  it('never evaluates anything else', () => {
    for (const text of [
      '${{ 1 + 1 }}',
      '${{ .Env }}',
      '${{ env DECK_A }}',
      '${{ env "DECK_A" "DECK_A" }}',
      '${{ (env "DECK_A" }}',
      '${{ $x := env "DECK_A" }}',
      '${{ range 3 }}',
      '${{ constructor "a" }}',
      '${{ printf "%x" "a" }}',
      '${{ printf "%s" }}',
      `\${{ ${'('.repeat(5000)} }}`,
      '${{ else }}',
      '${{ end }}',
      '${{ if true }}${{ else }}${{ else }}${{ end }}',
      '${{}}',
    ]) {
      assert.match(problem(text, { DECK_A: 'x' }), /is no (?:template|function) this program understands/, text);
    }
  });

  it('compares and prints', () => {
    const env = { DECK_A: 'prod', DECK_N: '8', DECK_T: 'true', DECK_E: '' };
    const cases: [string, string][] = [
      ['${{ eq (env "DECK_A") "dev" "prod" }}', 'true'],
      ['${{ ne (env "DECK_A") "prod" }}', 'false'],
      ['${{ eq (env "DECK_N" | toInt) 8 }}', 'true'],
      ['${{ and (env "DECK_A") (env "DECK_E") }}', ''],
      ['${{ or (env "DECK_E") `none` }}', 'none'],
      ['${{ not (env "DECK_T" | toBool) }}', 'false'],
      [
        '${{ printf "%s-%d of %v, %t, %q, 5%%" (env "DECK_A") (env "DECK_N" | toInt) 9 true "a\\n" }}',
        'prod-8 of 9, true, "a\\n", 5%',
      ],
      ['${{ env "DECK_A" | printf "api.%s.test" }}', 'api.prod.test'],
      ['${{ print "a" 1 }}${{/* a remark */}}', 'a1'],
    ];
    for (const [text, expected] of cases) assert.equal(render(text, env), expected, text);
    assert.equal(problem('${{ eq (env "DECK_N") 8 }}', env), 'a string cannot be compared with a number');
  });

  it('takes one of several texts', () => {
    const text =
      '${{ if eq (env "DECK_A") "prod" -}}\na: 1\n${{ else if eq (env "DECK_A") "dev" -}}\na: ${{ env "DECK_B" }}\n${{ else -}}\na: 3\n${{ end -}}\nb: 1\n';
    assert.equal(render(text, { DECK_A: 'prod' }), 'a: 1\nb: 1\n');
    assert.equal(render(text, { DECK_A: 'dev', DECK_B: 'x' }), 'a: x\nb: 1\n');
    const rendered = renderEnv(text, { DECK_A: 'test' });
    assert.deepEqual([rendered.text, rendered.problems], ['a: 3\nb: 1\n', []]);
    assert.equal(rendered.originalOffset(rendered.text.indexOf('a: 3')), text.indexOf('a: 3'));
    assert.equal(rendered.originalOffset(rendered.text.indexOf('b: 1')), text.indexOf('b: 1'));
    assert.equal(render('${{ if false }}${{ if true }}a${{ else }}b${{ end }}c${{ else }}d${{ end }}'), 'd');
    assert.equal(problem('${{ if true }}a'), 'the `if` has no ${{ end }}');
    assert.equal(problem('${{ if env "DECK_X" }}a${{ end }}'), "environment variable 'DECK_X' is not set");
  });

  it('remembers what came from a variable, and nothing else', () => {
    const { values } = renderEnv('${{ if env "DECK_A" }}${{ print "b" }}${{ end }}${{ printf "x%s" (env "DECK_A") }}', {
      DECK_A: 'secret',
    });
    assert.deepEqual(values, ['xsecret']);
  });

  it('reports a template that is never closed', () => {
    assert.match(problem('a: ${{ env "DECK_A"\nb: 1'), /never closed/);
  });

  it('leaves comment lines alone and maps places back', () => {
    const text = '# ${{ env "HOME" }}\na: ${{ env "DECK_A" }} b\n';
    const rendered = renderEnv(text, { DECK_A: 'long value' });
    assert.equal(rendered.text, '# ${{ env "HOME" }}\na: long value b\n');
    assert.equal(rendered.originalOffset(rendered.text.indexOf(' b\n')), text.indexOf(' b\n'));
    assert.equal(rendered.originalOffset(rendered.text.indexOf('value')), text.indexOf('${{ env "DECK_A"'));
  });
});
