import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonRules } from './rules.ts';
import { isJsonType, transformJson } from './transform-json.ts';

interface Typed {
  readonly json?: readonly string[];
  readonly json_types?: readonly string[];
}
interface Lists {
  readonly remove?: readonly string[];
  readonly rename?: readonly string[];
  readonly replace?: Typed;
  readonly add?: Typed;
  readonly append?: Typed;
}

function transform(body: string, { remove = [], rename = [], replace, add, append }: Lists): string | undefined {
  const typed = (list: Typed | undefined) => ({ json: [], json_types: [], headers: [], ...list });
  const config = {
    remove: { json: remove, headers: [] },
    rename: { json: rename, headers: [] },
    replace: typed(replace),
    add: typed(add),
    append: typed(append),
  };
  return transformJson(Buffer.from(body), jsonRules(config as never)!)?.toString();
}

test('the rules in their order', () => {
  const lists = {
    remove: ['gone'],
    rename: ['old:new', 'gone:back', 'missing:x'],
    replace: { json: ['new:r', 'absent:r'] },
    add: { json: ['added:a', 'new:a'] },
    append: { json: ['new:z', 'fresh:f'] },
  };
  assert.equal(transform('{"z":0,"gone":1,"old":2}', lists), '{"z":0,"new":["r","z"],"added":"a","fresh":["f"]}');
});

test('types by position; a number that is none is left out', () => {
  const json = ['a:1', 'b:-1.5', 'c:x', 'd:true', 'e:yes', 'f:"q"', 'g:7', 'h::y', 'i: '];
  const json_types = ['string', 'number', 'number', 'boolean', 'boolean', 'string', 'number', 'string', 'number'];
  assert.equal(
    transform('{}', { add: { json, json_types } }),
    '{"a":"1","b":-1.5,"d":true,"e":false,"f":"\\"q\\"","g":7,"h":"y"}',
  );
});

test('a member that is false counts as missing, null is there', () => {
  const lists = { replace: { json: ['f:r', 'n:r'] }, add: { json: ['f:a', 'n:a'] } };
  assert.equal(transform('{"f":false,"n":null}', lists), '{"f":"a","n":"r"}');
});

test('appending to a list, a text or an object keeps it, a number or a boolean gives way to the list', () => {
  const append = {
    json: ['s:x', 'l:x', 'e:x', 'o:x', 'n:x', 'long:x', 'b:x', 'i:2', 'new:2'],
    json_types: [...Array<string>(7).fill('string'), 'number', 'number'],
  };
  assert.equal(
    transform('{"s":"a","l":[1],"e":[],"o":{},"n":5,"long":12345678901234567890,"b":true,"i":null}', { append }),
    '{"s":["a","x"],"l":[1,"x"],"e":["x"],"o":[{},"x"],"n":["x"],"long":["x"],"b":["x"],"i":[2],"new":[2]}',
  );
});

test('what no rule names keeps its exact value', () => {
  assert.equal(
    transform('{"id":12345678901234567890,"f":1.10,"e":[],"o":{"deep":1}}', { add: { json: ['k:ü'] } }),
    '{"id":12345678901234567890,"f":1.10,"e":[],"o":{"deep":1},"k":"ü"}',
  );
  assert.equal(transform('{"__proto__":1}', { rename: ['__proto__:p'] }), '{"p":1}');
});

test('only objects', () => {
  for (const body of ['', '[]', 'null', '1', '{"a":'])
    assert.equal(transform(body, { remove: ['a'] }), undefined, body);
});

test('no rules', () => {
  const none = { json: [], headers: [], json_types: [] };
  assert.equal(jsonRules({ remove: none, rename: none, replace: none, add: none, append: none } as never), undefined);
});

test('types that say JSON', () => {
  for (const type of ['application/json', 'application/vnd.api+json;x=1', 'text/html,application/json'])
    assert.equal(isJsonType(type), true, type);
  for (const type of [undefined, '', 'json', 'application/json5', 'text/x+json', 'application/a b+json'])
    assert.equal(isJsonType(type), false, String(type));
});
