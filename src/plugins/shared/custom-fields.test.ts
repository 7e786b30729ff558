import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSnippet } from './custom-fields.ts';

const returned = (code: string) => {
  const result = compileSnippet(code);
  return result.ok ? { value: result.read({}) } : 'refused';
};

test('a snippet returns a literal, with or without blanks and a semicolon', () => {
  for (const [code, value] of [
    ['return "a"', 'a'],
    [" return 'it\\'s' ; ", "it's"],
    ['return\n"a;b";', 'a;b'],
    ['return "a\\nb"', 'a\nb'],
    ['return 12', 12],
    ['return -1.5;', -1.5],
    ['return true', true],
    ['return false;', false],
    ['return nil', undefined],
  ] as const) {
    assert.deepEqual(returned(code), { value }, code);
  }
});

test('what a connection does not have is nil', () => {
  for (const code of ['return kong.request.get_method()', "return kong.response.get_header('a')"]) {
    assert.deepEqual(returned(code), { value: undefined }, code);
  }
});

test('everything else is refused', () => {
  for (const code of [
    '',
    'return',
    'return ;',
    'returns 1',
    'return"a"',
    'return a',
    'return 1;;',
    'local x = 1 return x',
    'return kong.request.get_header(name)',
    'return kong.request.get_header("a", "b")',
    'return kong.request.get_header()',
    'return kong.request.get_method("a")',
    'return kong.request.get_raw_body()',
    'return kong.request.constructor()',
    'return kong.response.exit("a")',
    'return kong.request.get_method() .. "x"',
    'return kong.request.get_method():lower()',
  ]) {
    assert.equal(returned(code), 'refused', code);
  }
});

test('a long one is refused at once', () => {
  const startedAt = performance.now();
  assert.equal(returned(`return x${' '.repeat(100_000)}y`), 'refused');
  assert.ok(performance.now() - startedAt < 500);
});
