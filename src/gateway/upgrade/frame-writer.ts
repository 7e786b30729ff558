// Messages of a WebSocket as bytes: each in one frame, masked on the way to a server.
import { randomBytes } from 'node:crypto';
import { applyMask, type MessageType } from './frame-reader.ts';

const CODES: Readonly<Record<MessageType, number>> = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const FINAL = 0x80;
const MASKED = 0x80;

export function frameBytes(type: MessageType, data: Buffer, to: 'client' | 'server'): Buffer {
  const { length } = data;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const isMasked = to === 'server';
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame[0] = FINAL | CODES[type];
  frame[1] = (isMasked ? MASKED : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  data.copy(frame, headBytes);
  if (isMasked) {
    const mask = randomBytes(4);
    mask.copy(frame, headBytes - 4);
    applyMask(frame.subarray(headBytes), mask);
  }
  return frame;
}

/** What a close frame carries: nothing, or a status and a reason. */
export function closeData(status: number | undefined, reason: Buffer): Buffer {
  if (status === undefined) return Buffer.alloc(0);
  const data = Buffer.allocUnsafe(2 + reason.length);
  data.writeUInt16BE(status, 0);
  reason.copy(data, 2);
  return data;
}
