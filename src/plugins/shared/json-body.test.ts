import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJsonMembers, parseJsonMembers } from './json-body.ts';

const roundTrip = (text: string): string | undefined => {
  const members = parseJsonMembers(Buffer.from(text));
  return members === undefined ? undefined : formatJsonMembers(members);
};

test('members come back in order, without the blanks between them', () => {
  assert.equal(roundTrip('{ "b" : 1, "a" : [ ], "c" : { "é" : null } }'), '{"b":1,"a":[ ],"c":{ "é" : null }}');
});

test('order and texts of members stay, whatever is in them', () => {
  const text = '{"2":"a,b","1":"}\\"]:","b":{"c":["}",{"d":"\\\\"}]},"":[[],{}],"\\u00e9":-0.0e-1,"t":true,"n":null}';
  assert.equal(roundTrip(text), text.replace('\\u00e9', 'é'));
  assert.equal(roundTrip(' {\n"a" : "x" ,\t"b":\r[1 , 2] } '), '{"a":"x","b":[1 , 2]}');
  assert.equal(
    roundTrip('{"a":1,"b":2,"a":{"c":3}}'),
    '{"a":{"c":3},"b":2}',
    'of a name that comes twice the last one counts',
  );
});

test('a large body of numbers costs about what it costs to parse it', () => {
  const text = `{"a":[${'1e5,'.repeat(500_000)}1]}`;
  const timeOf = (work: () => unknown): number => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  const body = Buffer.from(text);
  const parsing = timeOf(() => JSON.parse(text));
  assert.ok(timeOf(() => parseJsonMembers(body)) < 50 + 8 * parsing);
});

test('numbers keep what JavaScript would round', () => {
  const text = '{"id":9007199254740993,"list":[12345678901234567890,1.10],"e":1e2,"n":5}';
  assert.equal(roundTrip(text), text);
});

test('only an object has members', () => {
  for (const text of ['', '[]', '"x"', '1', 'null', '{', '{"a":1}x']) assert.equal(roundTrip(text), undefined, text);
});

test('names that objects know are names', () => {
  const members = parseJsonMembers(Buffer.from('{"__proto__":{"x":1},"constructor":2}'))!;
  assert.deepEqual([...members.keys()], ['__proto__', 'constructor']);
  assert.equal(members.delete('__proto__'), true);
  assert.equal(formatJsonMembers(members), '{"constructor":2}');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});
