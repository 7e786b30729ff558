import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJsonMembers, parseJsonMembers } from './json-body.ts';

const roundTrip = (text: string): string | undefined => {
  const members = parseJsonMembers(Buffer.from(text));
  return members === undefined ? undefined : formatJsonMembers(members);
};

test('members come back in order, compact', () => {
  assert.equal(roundTrip('{ "b" : 1, "a" : [ ], "c" : { "é" : null } }'), '{"b":1,"a":[],"c":{"é":null}}');
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
