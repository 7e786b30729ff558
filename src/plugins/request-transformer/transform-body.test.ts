import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pair, Rules } from './rules.ts';
import { splitPair } from './schema.ts';
import { bodyFormat, TOO_MANY, transformBody } from './transform-body.ts';

type Lists = Partial<Record<keyof Rules, readonly string[]>>;

const pairs = (list: readonly string[] = []): Pair[] => list.map(splitPair).map(([name, value]) => ({ name, value }));
const rulesOf = ({ remove = [], rename, replace, add, append }: Lists): Rules => ({
  remove,
  rename: pairs(rename),
  replace: pairs(replace),
  add: pairs(add),
  append: pairs(append),
});

function transform(type: string, body: string, lists: Lists): string | undefined {
  const result = transformBody(bodyFormat(type)!, type, Buffer.from(body), rulesOf(lists));
  assert.notEqual(result, TOO_MANY);
  return result === undefined ? undefined : Buffer.from(result as string).toString();
}
const json = (body: string, lists: Lists) => transform('application/json', body, lists);
const form = (body: string, lists: Lists) => transform('application/x-www-form-urlencoded', body, lists);
const multipart = (body: string, lists: Lists) => transform('multipart/form-data; boundary=B', body, lists);
const field = (name: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

test('pairs split at the first run of colons', () => {
  assert.deepEqual(splitPair('h2:value:2'), ['h2', 'value:2']);
  assert.deepEqual(splitPair('a::b'), ['a', 'b']);
  assert.deepEqual(splitPair('a'), ['a', '']);
});

test('only three types of body have fields', () => {
  assert.equal(bodyFormat('application/json; charset=utf-8'), 'json');
  assert.equal(bodyFormat('Application/JSON'), 'json');
  assert.equal(bodyFormat('application/x-www-form-urlencoded'), 'form');
  assert.equal(bodyFormat('multipart/form-data; boundary=x'), 'multipart');
  for (const type of ['text/plain', 'application/xml', '', undefined]) assert.equal(bodyFormat(type), undefined);
});

test('JSON: actions run as remove, rename, replace, add, append', () => {
  const lists: Lists = {
    remove: ['r'],
    rename: ['old:new'],
    replace: ['new:replaced', 'missing:x'],
    add: ['r:again', 'new:ignored'],
    append: ['new:more', 'list:v1', 'list:v2'],
  };
  assert.equal(json('{"r":1,"old":"o"}', lists), '{"new":["replaced","more"],"r":"again","list":["v1","v2"]}');
});

test('JSON: an empty body becomes an object; what is no object goes on as it is', () => {
  assert.equal(json('', { add: ['k:v'] }), '{"k":"v"}');
  assert.equal(json('', { remove: ['k'], replace: ['k:v'] }), undefined);
  for (const body of ['{"k":', '[1]', '"text"', 'not json']) assert.equal(json(body, { add: ['k:v'] }), undefined);
});

test('JSON: false counts as missing, null and 0 as there', () => {
  assert.equal(json('{"a":false,"b":null,"c":0}', { replace: ['a:1', 'b:2', 'c:3'] }), '{"a":false,"b":"2","c":"3"}');
  assert.equal(json('{"a":false,"b":null}', { add: ['a:1', 'b:2'] }), '{"a":"1","b":null}');
});

test('JSON: appending keeps a text or a list, a number gives way to the list', () => {
  assert.equal(
    json('{"a":"x","b":[],"c":5,"d":null}', { append: ['a:1', 'b:1', 'c:1', 'd:1'] }),
    '{"a":["x","1"],"b":["1"],"c":["1"],"d":["1"]}',
  );
});

test('JSON: nothing found, nothing changed', () => {
  assert.equal(json('{ "a": 1 }', { remove: ['b'], rename: ['b:c', 'a:a'], replace: ['b:x'] }), undefined);
});

test('JSON: other members keep their exact value, names are never properties', () => {
  assert.equal(
    json('{"id":9007199254740993,"e":[]}', { add: ['__proto__:x'] }),
    '{"id":9007199254740993,"e":[],"__proto__":"x"}',
  );
  assert.equal(json('{"__proto__":1}', { remove: ['__proto__'] }), '{}');
  assert.equal(json('{}', { add: ['n:\u00c3\u00a9'] }), '{"n":"é"}');
});

test('forms are changed and encoded anew, repeated fields together', () => {
  assert.equal(form('p1=v&p2=v1', { replace: ['p1:v1'] }), 'p1=v1&p2=v1');
  assert.equal(form('a=1&b=2&a=3', { append: ['a:x y'], remove: ['b'] }), 'a=1&a=3&a=x%20y');
  assert.equal(form('a=1&a=2', { rename: ['a:b'] }), 'b=1&b=2');
  assert.equal(form('', { add: ['k:v'] }), 'k=v');
  assert.equal(form('a=+%zz', { remove: ['b'] }), undefined);
  assert.equal(form('a=%FF', { add: ['k:v'] }), 'a=%FF&k=v');
});

test('a form with more fields than can be looked at is refused, not passed', () => {
  const body = Buffer.from('a=1&'.repeat(10_001));
  assert.equal(transformBody('form', '', body, rulesOf({ remove: ['a'] })), TOO_MANY);
});

test('multipart: renames before it removes, then replaces and adds', () => {
  const body = `${field('old', '1')}${field('gone', '2')}${field('new', '3')}--B--\r\n`;
  const lists: Lists = {
    rename: ['old:new', 'gone:gone2'],
    remove: ['gone2', 'gone'],
    replace: ['new:r'],
    add: ['k:v'],
  };
  assert.equal(multipart(body, lists), `${field('new', 'r')}${field('k', 'v')}--B--\r\n`);
});

test('multipart: an empty body takes what is added, a broken one goes on as it is', () => {
  assert.equal(multipart('', { add: ['k:v'], replace: ['x:y'] }), `${field('k', 'v')}--B--\r\n`);
  assert.equal(multipart(field('a', '1'), { add: ['k:v'] }), undefined);
  assert.equal(transform('multipart/form-data', field('a', '1'), { add: ['k:v'] }), undefined);
  assert.equal(multipart(`${field('a', '1')}--B--`, { remove: ['b'], append: ['a:2'] }), undefined);
});
