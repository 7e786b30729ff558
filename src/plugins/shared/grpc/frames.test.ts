import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText, FrameReader, frame } from './frames.ts';

test('messages come out whole, however they were cut', () => {
  const bytes = Buffer.concat([frame(Buffer.from('one')), frame(Buffer.alloc(0)), frame(Buffer.from('three'), 0x80)]);
  for (const size of [1, 2, 3, 7, 100]) {
    const reader = new FrameReader();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      for (const { flag, message } of reader.push(bytes.subarray(at, at + size))) found.push(`${flag}:${message}`);
    }
    assert.deepEqual(found, ['0:one', '0:', '128:three']);
    assert.equal(reader.rest.length, 0);
  }
});

test('a message that is too large is refused by its head', () => {
  assert.throws(() => new FrameReader().push(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff])));
});

test('several pieces of base64 are one text', () => {
  const text = `${Buffer.from('a').toString('base64')}${Buffer.from('bcd').toString('base64')}`;
  assert.equal(decodeText(Buffer.from(text))?.toString(), 'abcd');
  assert.equal(decodeText(Buffer.from('YQ'))?.toString(), 'a');
  assert.equal(decodeText(Buffer.from('a b')), undefined);
  assert.equal(decodeText(Buffer.from('YWJjZ')), undefined);
});

test('a large message that comes byte by byte is not copied for each of them', () => {
  const bytes = frame(Buffer.alloc(4 * 1024 * 1024, 7));
  const reader = new FrameReader();
  let frames = 0;
  for (let i = 0; i < bytes.length; i++) frames += reader.push(bytes.subarray(i, i + 1)).length;
  assert.equal(frames, 1);
  assert.equal(reader.rest.length, 0);
});

test('messages that were given out stay as they were', () => {
  const reader = new FrameReader();
  const [first] = reader.push(Buffer.concat([frame(Buffer.from('one')), Buffer.from([0, 0])]));
  const [second] = reader.push(Buffer.concat([Buffer.from([0, 0, 3]), Buffer.from('two'), Buffer.from([1])]));
  assert.deepEqual([String(first?.message), String(second?.message), reader.rest.length], ['one', 'two', 1]);
});
