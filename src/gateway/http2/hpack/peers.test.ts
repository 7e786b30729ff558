// Lists without end, between this codec and itself, and between this codec and the one of Node on a real socket: each block
// means what all before it left in the table, so one wrong entry spoils the rest.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientSessionOptions,
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  sensitiveHeaders,
} from 'node:http2';
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net';
import { test } from 'node:test';
import { END_HEADERS, END_STREAM, FRAME, frame } from '../../../../test/gateway/http2-frames.ts';
import { HpackDecoder } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';

const ANY = 1_000_000;
const ACK = 1;
const PRIORITY = 0x20;
const PADDED = 8;
const TABLE_SIZE_SETTING = 1;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SIZES = [0, 31, 33, 64, 100, 300, 1000, 4095, 4096, 8192, 65_536];

/** Newer than the types of Node's interface. */
const MANY_OF_A_NAME = { strictSingleValueFields: false } as ClientSessionOptions;

type Random = (below: number) => number;

function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

const pick = <Value>(random: Random, values: readonly Value[]): Value => values[random(values.length)] as Value;

const NAMES = [
  ...['date', 'server', 'via', 'content-type', 'cache-control', 'accept', 'accept-encoding', 'age', 'etag', 'cookie'],
  ...['authorization', 'user-agent', 'x-request-id', 'x-kong-upstream-latency', 'x-a', 'x-b', `x-${'long'.repeat(40)}`],
];
/** What stands in values: every octet that a peer lets through. */
const OCTETS = [
  ...Array.from({ length: 0x5e }, (_, i) => 0x21 + i),
  ...Array.from({ length: 0x80 }, (_, i) => 0x80 + i),
];

function randomValue(random: Random): string {
  switch (random(6)) {
    case 0:
      return pick(random, ['gzip, deflate', 'a', 'kong/3.9', 'application/json', 'no-cache', '']);
    case 1:
      return String(random(3));
    case 2:
      return String.fromCharCode(...Array.from({ length: 1 + random(30) }, () => pick(random, OCTETS)));
    case 3:
      // Mostly short codes, so that Node writes Huffman code with long ones in it.
      return `${'a'.repeat(10 + random(20))}${String.fromCharCode(pick(random, OCTETS))}${'e'.repeat(random(20))}`;
    case 4:
      return pick(random, ['x', 'y', 'z']).repeat(random(400));
    default:
      return `v${random(1_000_000)}`;
  }
}

function randomFields(random: Random): string[] {
  const lines: string[] = [];
  for (let left = random(14); left > 0; left--) {
    lines.push(random(8) === 0 ? `x-${random(400)}` : pick(random, NAMES), randomValue(random));
  }
  return lines;
}

test('what the encoder writes, the decoder reads, whatever the sizes of the table', () => {
  const random = randomFrom(7);
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const out = Buffer.alloc(65_536);
  for (let i = 0; i < 20_000; i++) {
    for (let changes = random(20) === 0 ? 1 + random(3) : 0; changes > 0; changes--) {
      encoder.setMaxTableSize(pick(random, SIZES));
    }
    const lines = randomFields(random);
    const at = random(5);
    const room = encoder.roomFor(lines);
    const end = encoder.encode(lines, out, at);
    assert.ok(end - at <= room);
    const got: string[] = [];
    assert.equal(decoder.decode(out, at, end, got, ANY, ANY), true);
    assert.deepEqual(got, lines, `list ${i}`);
  }
});

/** Tells of each frame that a socket brings. */
function onFrames(
  socket: Socket,
  skipped: number,
  told: (type: number, flags: number, stream: number, payload: Buffer) => void,
) {
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = skipped;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (rest.length < toSkip) return;
    rest = rest.subarray(toSkip);
    toSkip = 0;
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      told(rest[3]!, rest[4]!, rest.readUInt32BE(5), rest.subarray(9, end));
      rest = rest.subarray(end);
    }
  });
}

const setting = (identifier: number, value: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(identifier);
  bytes.writeUInt32BE(value, 2);
  return bytes;
};

async function listening<Server extends { listen(port: number, host: string): unknown; address(): unknown }>(
  server: Server,
): Promise<number> {
  await once(server.listen(0, '127.0.0.1') as never, 'listening');
  return (server.address() as AddressInfo).port;
}

test("Node's decoder reads every list that the encoder writes, while Node keeps changing the size of its table", async () => {
  const LISTS = 4_000;
  const random = randomFrom(11);
  const server: Http2Server = createHttp2Server({ maxHeaderListPairs: 1_000 });
  const got: string[][] = [];
  const port = await listening(server);
  server.on('session', (session) => {
    session.on('error', () => undefined);
    session.on('stream', (stream, _headers, _flags, rawHeaders) => {
      got.push(rawHeaders as unknown as string[]);
      stream.on('error', () => undefined);
      stream.respond({ ':status': 204 }, { endStream: true });
      if (got.length % 20 === 0) session.settings({ headerTableSize: SIZES[(got.length / 20) % SIZES.length]! });
    });
  });
  const socket = openSocket({ port, host: '127.0.0.1', noDelay: true });
  const encoder = new HpackEncoder();
  const sent: string[][] = [];
  const out = Buffer.alloc(65_536);
  let updates = 0;
  const ended = new Promise<void>((resolve, reject) => {
    let stream = -1;
    const send = (): void => {
      if (sent.length === LISTS) return resolve();
      const lines = [':method', 'GET', ':scheme', 'http', ':path', `/${random(50)}`, ':authority', 'a.test'];
      lines.push(...randomFields(random));
      sent.push(lines);
      const end = encoder.encode(lines, out, 0);
      if ((out[0]! & 0xe0) === 0x20) updates++;
      stream += 2;
      socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, out.subarray(0, end)));
    };
    onFrames(socket, 0, (type, flags, id, payload) => {
      if (type === FRAME.settings && (flags & ACK) === 0) {
        for (let at = 0; at < payload.length; at += 6) {
          if (payload.readUInt16BE(at) === TABLE_SIZE_SETTING) encoder.setMaxTableSize(payload.readUInt32BE(at + 2));
        }
        socket.write(frame(FRAME.settings, ACK, 0));
      } else if (type === FRAME.goaway || type === FRAME.reset) {
        reject(new Error(`list ${sent.length}: frame ${type} on ${id}: ${payload.toString('hex')}`));
      } else if (type === FRAME.headers) send();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]));
    for (let i = 0; i < 8; i++) send();
  });
  try {
    await ended;
  } finally {
    socket.destroy();
    server.close();
  }
  for (const [i, lines] of got.entries()) assert.deepEqual(lines, sent[i], `list ${i}`);
  assert.ok(got.length > LISTS - 20, `${got.length}`);
  assert.ok(updates > 50, `${updates} updates`);
});

/** The block of a HEADERS frame. */
function blockOf(flags: number, payload: Buffer): Buffer {
  const padding = (flags & PADDED) === 0 ? 0 : payload[0]!;
  const start = ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5);
  return payload.subarray(start, payload.length - padding);
}

interface Decoding {
  readonly session: ClientHttp2Session;
  /** The size of the table that the client may use from now on. */
  announce(size: number): void;
  /** Lists as they were decoded. */
  readonly lists: string[][];
  readonly blocks: Buffer[];
  close(): void;
}

/** A client of Node whose header blocks are decoded by us. */
async function decoding(announced: number): Promise<Decoding> {
  const decoder = new HpackDecoder(announced);
  const lists: string[][] = [];
  const blocks: Buffer[] = [];
  let connection: Socket | undefined;
  const server = createServer((socket) => {
    connection = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.write(frame(FRAME.settings, 0, 0, setting(TABLE_SIZE_SETTING, announced)));
    onFrames(socket, PREFACE.length, (type, flags, stream, payload) => {
      if (type === FRAME.settings && (flags & ACK) === 0) socket.write(frame(FRAME.settings, ACK, 0));
      if (type !== FRAME.headers) return;
      assert.ok((flags & END_HEADERS) !== 0);
      const block = Buffer.from(blockOf(flags, payload));
      blocks.push(block);
      const lines: string[] = [];
      assert.equal(decoder.decode(block, 0, block.length, lines, ANY, ANY), true);
      lists.push(lines);
      // 204, from the static table.
      socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, Buffer.from([0x89])));
    });
  });
  const port = await listening(server);
  const session = connect(`http://127.0.0.1:${port}`, MANY_OF_A_NAME);
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  return {
    session,
    lists,
    blocks,
    announce: (size) => void connection?.write(frame(FRAME.settings, 0, 0, setting(TABLE_SIZE_SETTING, size))),
    close: () => {
      session.destroy();
      server.close();
    },
  };
}

/** Sends a request with these lines as they are, and waits for its answer. */
async function ask(
  session: ClientHttp2Session,
  lines: readonly string[],
  secrets: readonly string[] = [],
): Promise<void> {
  const headers = Object.assign([...lines], { [sensitiveHeaders]: secrets });
  const request = session.request(headers, { endStream: true });
  request.resume();
  await once(request, 'close');
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a.test'];

test("the decoder reads every list that Node's encoder writes, while we keep changing the size of its table", async () => {
  const random = randomFrom(13);
  const peer = await decoding(65_536);
  const sent: string[][] = [];
  try {
    for (let i = 0; i < 250; i++) {
      const batch = Array.from({ length: 16 }, () => {
        const lines = [...REQUEST.with(5, `/${random(50)}`), ...randomFields(random)];
        sent.push(lines);
        return ask(peer.session, lines, random(4) === 0 ? ['x-a', 'cookie'] : []);
      });
      if (i % 3 === 0) peer.announce(pick(random, SIZES));
      await Promise.all(batch);
    }
  } finally {
    peer.close();
  }
  assert.equal(peer.lists.length, sent.length);
  for (const [i, lines] of peer.lists.entries()) assert.deepEqual(lines, sent[i], `list ${i}`);
  const updates = peer.blocks.filter((block) => (block[0]! & 0xe0) === 0x20);
  assert.ok(updates.length > 50, `${updates.length} updates`);
});

test("every octet that HTTP allows is read from Node's Huffman code", async () => {
  const peer = await decoding(0);
  try {
    for (const octet of [...OCTETS, 0x20, 0x09]) {
      // Short codes on both sides, or Node would not choose Huffman code for it.
      const value = `${'a'.repeat(12)}${String.fromCharCode(octet)}${'e'.repeat(12)}`;
      await ask(peer.session, [...REQUEST, 'x', value]);
      assert.equal(peer.lists.at(-1)!.at(-1), value);
      const block = peer.blocks.at(-1)!;
      const isRaw = block.includes(Buffer.from(value, 'latin1'));
      assert.equal(isRaw, false, `${octet} is not in Huffman code`);
    }
  } finally {
    peer.close();
  }
});
