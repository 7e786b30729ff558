import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  argumentValues,
  formatArguments,
  formatSorted,
  parseArguments,
  withoutArgument,
} from '../../src/lib/form-arguments.ts';

test('repeated arguments have several values, one without = is true', () => {
  assert.deepEqual(
    [...parseArguments('a=1&b&a=2&c=&=x&&d=%20+%zz')!],
    [
      ['a', ['1', '2']],
      ['b', [true]],
      ['c', ['']],
      ['d', ['  %zz']],
    ],
  );
});

test('what is not UTF-8 comes out as it went in', () => {
  assert.equal(formatArguments(parseArguments('a=%FF%00&b=%C3%A9')!), 'a=%FF%00&b=%C3%A9');
});

test('everything but unreserved characters is escaped', () => {
  assert.equal(
    formatArguments(new Map([["a[1] !'()*~-._", ["x/y?&=+'€"]]])),
    'a%5B1%5D%20%21%27%28%29%2A~-._=x%2Fy%3F%26%3D%2B%27%E2%82%AC',
  );
});

test('sorted fragments keep the values of one name together', () => {
  assert.equal(formatSorted(parseArguments('b=2&a=9&b=1&c')!), 'a=9&b=2&b=1&c');
  assert.equal(
    formatSorted(
      new Map([
        ['a', []],
        ['b', [true]],
      ]),
    ),
    'b',
  );
});

test('more arguments than the limit are no arguments', () => {
  assert.equal(parseArguments('a&b&c', 2), undefined);
  assert.equal(parseArguments('a&b', 2)?.size, 2);
});

test('names that objects know are names', () => {
  const parsed = parseArguments('__proto__=1&constructor=2')!;
  assert.deepEqual(parsed.get('__proto__'), ['1']);
  assert.deepEqual(parsed.get('constructor'), ['2']);
  assert.equal(parsed.get('toString'), undefined);
});

test('one argument is found by its decoded name', () => {
  assert.deepEqual(argumentValues('x=1&api%6Bey=k&apikey', 'apikey'), ['k', true]);
  assert.deepEqual(argumentValues('x=1', 'apikey'), []);
  assert.deepEqual(argumentValues('', 'apikey'), []);
});

test('an argument is removed wherever it is; the rest keeps its order and is encoded anew', () => {
  assert.equal(withoutArgument('c=value1&b=value2&apikey=kong&a=value3', 'apikey'), 'c=value1&b=value2&a=value3');
  assert.equal(withoutArgument('api%6B%65%79=kong&x=a+b&y=%7e&apikey', 'apikey'), 'x=a%20b&y=~');
  assert.equal(withoutArgument('x=a+b&&y=%7e', 'apikey'), 'x=a+b&&y=%7e');
  assert.equal(withoutArgument('apikey=1', 'apikey'), '');
});
