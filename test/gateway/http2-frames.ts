// HTTP/2 frame by frame, for what a well-behaved client never sends. Header blocks are written without compression.
import { connect, type Socket } from 'node:net';

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 32;
export const ACK = 1;

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export type Fields = readonly (readonly [string, string])[];

/** Literal fields that are not indexed, names and values as plain bytes. */
export const block = (fields: Fields): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const size = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) size.push((rest & 127) | 128);
  size.push(rest);
  return Buffer.concat([Buffer.from(size), bytes]);
}

export const request = (path = '/', more: Fields = []): Fields => [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'a.test'],
  ...more,
];

export const headers = (stream: number, fields: Fields, flags: number = END_STREAM | END_HEADERS): Buffer =>
  frame(FRAME.headers, flags, stream, block(fields));

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** One pair of a settings frame. */
export function setting(name: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(name);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface FrameClient {
  readonly socket: Socket;
  readonly frames: ReceivedFrame[];
  readonly isClosed: boolean;
  /** Error code of the reset of a stream. */
  resetOf(stream: number): number | undefined;
  goaway(): number | undefined;
  send(...frames: readonly Buffer[]): void;
}

const FIRST = Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]);

/** Connects in clear text and sends preface and settings, or something else. */
export function connectFrames(port: number, first: Uint8Array = FIRST): FrameClient {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const frames: ReceivedFrame[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      const stream = rest.readUInt32BE(5) & 0x7fffffff;
      frames.push({ type: rest[3]!, flags: rest[4]!, stream, payload: Buffer.from(rest.subarray(9, end)) });
      rest = rest.subarray(end);
    }
  });
  if (first.length > 0) socket.write(first);
  return {
    socket,
    frames,
    get isClosed() {
      return isClosed;
    },
    resetOf: (stream) =>
      frames.find((one) => one.type === FRAME.reset && one.stream === stream)?.payload.readUInt32BE(0),
    goaway: () => frames.find((one) => one.type === FRAME.goaway)?.payload.readUInt32BE(4),
    send: (...parts) => {
      if (!socket.destroyed) socket.write(Buffer.concat(parts));
    },
  };
}
