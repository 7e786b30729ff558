import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonBytes, NumberMember, piece } from './json-bytes.ts';

test('numbers are written as JSON.stringify writes them', () => {
  const out = new JsonBytes();
  for (const value of [
    0,
    7,
    10,
    999_999_999,
    1_000_000_000,
    1_795_304_995_096,
    Number.MAX_SAFE_INTEGER,
    -1,
    1.5,
    1e21,
  ]) {
    out.clear();
    out.number(value);
    assert.equal(out.text(), JSON.stringify(value));
  }
});

test('a member with a number is the same whether it is kept or written anew', () => {
  const member = new NumberMember(',"size":', ',"next":');
  for (const value of [0, 42, 42, 999, 1_000, 70_000, -1]) {
    const out = new JsonBytes();
    out.member(member, value);
    assert.equal(out.text(), `,"size":${value},"next":`);
  }
});

test('strings are escaped as JSON.stringify escapes them, and bytes that are UTF-8 become its characters', () => {
  const out = new JsonBytes();
  const cases: [bytes: string, text: string][] = [
    ['', ''],
    ['plain', 'plain'],
    ['a"b\\c\td\x7f', 'a"b\\c\td\x7f'],
    ['J\xc3\xb8rgen', 'Jørgen'],
    ['J\xf8rgen', 'Jørgen'],
    ['x'.repeat(50), 'x'.repeat(50)],
  ];
  for (const [bytes, text] of cases) {
    out.clear();
    out.piece(piece('"'));
    out.quoted(`<${bytes}>`, 1, bytes.length + 1);
    out.closed(bytes);
    assert.equal(out.text(), `${JSON.stringify(text).slice(0, -1)}${JSON.stringify(text).slice(1)}`);
  }
});

test('what does not fit makes room for itself and loses nothing', () => {
  const out = new JsonBytes();
  const long = 'y'.repeat(20_000);
  out.ascii('a');
  out.quoted(long);
  out.utf8('€');
  out.piece(piece(long));
  out.ascii(long);
  assert.equal(out.text(), `a${long}€${long}${long}`);
  assert.equal(out.bytes().length, out.length);
});

test('an object opens at the comma of its first member, or by itself when it has none', () => {
  const out = new JsonBytes();
  out.openAt(0);
  out.ascii('}');
  assert.equal(out.text(), '{}');
  out.clear();
  out.ascii(',"a":1');
  out.openAt(0);
  out.ascii('}');
  assert.equal(out.text(), '{"a":1}');
});

test('a slice is a copy, the bytes are not', () => {
  const out = new JsonBytes();
  out.ascii('first');
  const kept = out.slice(1);
  const lent = out.bytes();
  out.clear();
  out.ascii('other');
  assert.equal(Buffer.from(kept).toString(), 'irst');
  assert.equal(Buffer.from(lent).toString(), 'other');
});

test('what is begun anew holds nothing of before', () => {
  const out = new JsonBytes();
  out.utf8('z'.repeat(2_000_000));
  out.clear();
  assert.equal(out.length, 0);
  out.ascii('next');
  assert.equal(out.text(), 'next');
});
