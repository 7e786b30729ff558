import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeAnswer, encodeQuestion } from '../../src/gateway/dns/message.ts';
import { encodeName } from './name-server.ts';

const question = encodeQuestion(0x1234, 'a.test', 'A')!;

/** An answer to the question, with these bytes behind the repeated question. */
function answer(records: readonly Buffer[], count = records.length): Buffer {
  const bytes = Buffer.concat([question, ...records]);
  bytes.writeUInt16BE(0x8180, 2);
  bytes.writeUInt16BE(count, 6);
  return bytes;
}

const numbers = (...values: number[]): Buffer =>
  Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])));
const pointer = (to: number): Buffer => numbers(0xc000 | to);
const record = (name: Buffer, type: number, data: Buffer): Buffer =>
  Buffer.concat([name, numbers(type, 1, 0, 60, data.length), data]);

const address = record(pointer(12), 1, Buffer.from([10, 0, 0, 1]));
const srv = record(pointer(12), 33, Buffer.concat([numbers(1, 5, 8080), encodeName('box.test')]));

describe('messages of DNS', () => {
  test('a question is the name in labels, its type and the wish for recursion', () => {
    assert.equal(question.toString('hex'), `1234010000010000000000000161047465737400${'00010001'}`);
    assert.deepEqual(encodeQuestion(1, 'a.test.', 'A'), encodeQuestion(1, 'a.test', 'A'));
    assert.equal(encodeQuestion(1, '', 'A'), undefined);
  });

  test('records are read, names through pointers, other types passed over', () => {
    const txt = record(pointer(12), 16, Buffer.from('\x04text'));
    assert.deepEqual(decodeAnswer(answer([txt, address, srv]), question)?.answers, [
      { name: 'a.test', type: 'A', ttl: 60, value: '10.0.0.1', port: 0, priority: 0, weight: 0 },
      { name: 'a.test', type: 'SRV', ttl: 60, value: 'box.test', port: 8080, priority: 1, weight: 5 },
    ]);
  });

  test('pointers that lead forwards or around in a circle are refused', () => {
    const own = question.length;
    for (const name of [
      pointer(own),
      pointer(own + 2),
      pointer(0x3fff),
      Buffer.concat([Buffer.from('\x01b'), pointer(own)]),
    ]) {
      assert.equal(decodeAnswer(answer([record(name, 1, Buffer.alloc(4))]), question), undefined);
    }
  });

  test('names that grow by pointers end at 253 bytes', () => {
    // Each record's name is a label of 60 bytes in front of the name before it.
    const records: Buffer[] = [];
    let at = question.length;
    let before = 12;
    for (let i = 0; i < 6; i++) {
      const made = record(
        Buffer.concat([Buffer.from([60]), Buffer.alloc(60, 97), pointer(before)]),
        1,
        Buffer.alloc(4),
      );
      records.push(made);
      before = at;
      at += made.length;
    }
    assert.equal(decodeAnswer(answer(records), question), undefined);
  });

  test('an answer that ends too soon, wherever, is none', () => {
    const whole = answer([address, srv]);
    for (let length = 0; length < whole.length; length++) {
      assert.equal(decodeAnswer(whole.subarray(0, length), question), undefined, `${length} bytes`);
    }
  });

  test('an answer to another number or question is none; the case of its letters does not matter', () => {
    const other = (change: (bytes: Buffer) => void): Buffer => {
      const bytes = answer([address]);
      change(bytes);
      return bytes;
    };
    assert.equal(
      decodeAnswer(
        other((bytes) => bytes.writeUInt16BE(0x1235, 0)),
        question,
      ),
      undefined,
    );
    assert.equal(
      decodeAnswer(
        other((bytes) => bytes.writeUInt16BE(0x0180, 2)),
        question,
      ),
      undefined,
    );
    assert.equal(
      decodeAnswer(
        other((bytes) => bytes.write('b', 13)),
        question,
      ),
      undefined,
    );
    assert.equal(
      decodeAnswer(
        other((bytes) => bytes.write('A', 13)),
        question,
      )?.answers.length,
      1,
    );
  });

  test('bytes changed at random never do harm', () => {
    let seed = 11;
    const random = (limit: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % limit;
    };
    const whole = answer([
      address,
      srv,
      record(pointer(12), 5, pointer(12)),
      record(pointer(12), 28, Buffer.alloc(16)),
    ]);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(whole);
      for (let j = random(4); j >= 0; j--)
        bytes[question.length + random(bytes.length - question.length)] = random(256);
      const read = decodeAnswer(bytes, question);
      assert.ok(read === undefined || read.answers.length <= 4);
    }
  });
});
