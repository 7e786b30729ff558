// Sequences of frames into an HTTP/2 server without a network, and what has to hold whatever they are. The memory that they are
// read from is written over after each read, as that of real sockets is.
import assert from 'node:assert/strict';
import type * as net from 'node:net';
import { Duplex } from 'node:stream';
import type { ClientExchange } from '../../src/gateway/exchange.ts';
import { Deadlines } from '../../src/gateway/http1/deadlines.ts';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { DEFAULT_LIMITS } from '../../src/gateway/http1/server.ts';
import { FLAG, FRAME, PREFACE } from '../../src/gateway/http2/frames.ts';
import { HpackDecoder } from '../../src/gateway/http2/hpack/decoder.ts';
import { Http2Server } from '../../src/gateway/http2/server.ts';
import { BEHAVIOURS, changedFrames, type Random, randomFrom, validFrames } from './http2-frame-mix.ts';
import { block, frame, request, setting, uint32 } from './http2-frames.ts';

const MEMORY = Buffer.alloc(65_536);
const FIRST = Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]);
const CONNECTION_WINDOW = 1_048_576;
const MOST_WAITING = 400_000;
/** What opens all windows at the end of a sequence. */
const LAST_INITIAL = 1_000_000;
const LAST_GRANT = 50_000_000;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The server's end of a connection. */
class FuzzSocket extends Duplex {
  readonly written: Buffer[] = [];
  /** Writes are not taken while it is set. */
  isStuck = false;
  #done: (() => void) | undefined = undefined;

  constructor() {
    super({ highWaterMark: 4_096, allowHalfOpen: true });
  }
  setNoDelay(): this {
    return this;
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    if (this.isStuck) this.#done = done;
    else done();
  }
  release(): void {
    this.isStuck = false;
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
  /** One read, from memory that is used again. */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.destroyed; at += MEMORY.length) {
      const part = bytes.subarray(at, at + MEMORY.length);
      MEMORY.set(part);
      this.emit('data', MEMORY.subarray(0, part.length));
      MEMORY.fill(0xee, 0, part.length);
    }
  }
}

export interface Outcome {
  /** Of the last goodbye; undefined without one. */
  readonly goodbye: number | undefined;
  /** Code by stream. */
  readonly resets: ReadonlyMap<number, number>;
  /** What the handler saw of each request. */
  readonly requests: ReadonlyMap<string, string>;
  readonly ended: ReadonlySet<number>;
}

export class Http2Fuzzer {
  readonly #server: Http2Server;
  readonly #deadlines = new Deadlines();
  readonly #errors: unknown[] = [];
  #exchanges: ClientExchange[] = [];
  #finished = new Map<ClientExchange, number>();
  #seen = new Map<string, string>();
  #isLate = false;
  #late: (() => void)[] = [];
  readonly tally = { valid: 0, changed: 0, requests: 0, goodbyes: 0, resets: 0 };

  constructor() {
    const list = (ms: number) => this.#deadlines.list(ms);
    this.#server = new Http2Server({
      limits: { ...DEFAULT_LIMITS, bodyBytes: 20_000 },
      deadlines: this.#deadlines,
      waits: { idle: list(75_000), head: list(10_000), body: list(10_000), send: list(30_000), linger: list(1_000) },
      onRequest: (exchange) => this.#handle(exchange),
      renderError: (status) => ({ contentType: 'text/plain', body: String(status) }),
      onRejected: () => undefined,
      onHandlerError: (error) => {
        if (!isHandlerFault(error)) this.#errors.push(error);
      },
    });
  }

  close(): void {
    this.#server.destroy();
    this.#deadlines.close();
  }

  /** Throws when something does not hold. */
  async run(seed: number): Promise<void> {
    const random = randomFrom(seed);
    const valid = validFrames(random, 40);
    const isChanged = random(10) < 7;
    const frames = isChanged ? changedFrames(random, valid) : valid;
    this.tally[isChanged ? 'changed' : 'valid']++;
    const hasBehaviour = random(2) === 0;
    if (hasBehaviour) {
      const outcome = await this.#send(random, frames, pieces(random, frames), false);
      if (!isChanged) this.#wasServed(outcome);
      return;
    }
    const whole = await this.#send(random, frames, [Buffer.concat(frames)], true);
    const cut = await this.#send(random, frames, pieces(random, frames), true);
    assert.equal(cut.goodbye, whole.goodbye, 'the goodbye depends on the reads');
    assert.deepEqual([...cut.resets].sort(), [...whole.resets].sort(), 'resets depend on the reads');
    for (const [id, text] of whole.requests) assert.equal(cut.requests.get(id), text, 'a request depends on the reads');
    const isReset = frames.some((one) => one[3] === FRAME.reset);
    if (whole.goodbye === undefined && !isReset && whole.resets.size === 0) {
      assert.equal(cut.requests.size, whole.requests.size, 'how many requests there are depends on the reads');
    }
    if (isChanged) return;
    this.#wasServed(whole);
    assert.deepEqual([...whole.resets], [], 'a stream of a valid sequence is reset');
  }

  /** A client that keeps to the rules is never told otherwise. */
  #wasServed({ goodbye, ended }: Outcome): void {
    assert.equal(goodbye, undefined, 'a valid sequence ends its connection');
    assert.ok(ended.has(HONEST), 'an honest request behind a valid sequence is not answered');
  }

  async #send(random: Random, frames: readonly Buffer[], reads: readonly Buffer[], isLate: boolean): Promise<Outcome> {
    this.#exchanges = [];
    this.#finished = new Map();
    this.#seen = new Map();
    this.#late = [];
    this.#isLate = isLate;
    const socket = new FuzzSocket();
    this.#server.accept(socket as unknown as net.Socket, {});
    socket.feed(FIRST);
    for (const read of reads) {
      if (!isLate && random(12) === 0) socket.isStuck = true;
      if (!isLate && random(6) === 0) socket.release();
      socket.feed(read);
      if (!isLate && random(4) === 0) await nextTurn();
      assert.ok(socket.writableLength < MOST_WAITING, `${socket.writableLength} bytes wait`);
    }
    socket.release();
    await nextTurn();
    judge(Buffer.concat(socket.written), frames, this.#seen, false);
    for (const answer of this.#late) answer();
    this.#isLate = false;
    // All windows are opened, and one more request comes.
    const windows = [
      frame(FRAME.settings, 0, 0, setting(4, LAST_INITIAL)),
      frame(FRAME.windowUpdate, 0, 0, uint32(LAST_GRANT)),
    ];
    const whole = Buffer.concat([...windows, honest()]);
    socket.feed(whole);
    await nextTurn();
    await nextTurn();
    assert.deepEqual(this.#errors, [], 'something was thrown');
    const outcome = judge(Buffer.concat(socket.written), frames, this.#seen, true);
    this.tally.requests += this.#exchanges.length;
    this.tally.resets += outcome.resets.size;
    if (outcome.goodbye !== undefined) this.tally.goodbyes++;
    socket.destroy();
    await nextTurn();
    assert.equal(this.#server.connectionCount, 0, 'the connection is still there');
    for (const exchange of this.#exchanges) {
      assert.equal(this.#finished.get(exchange), 1, `an exchange ended ${this.#finished.get(exchange) ?? 0} times`);
    }
    return outcome;
  }

  #handle(exchange: ClientExchange): void {
    this.#exchanges.push(exchange);
    exchange.onFinish = () => this.#finished.set(exchange, (this.#finished.get(exchange) ?? 0) + 1);
    const behaviour = Number(exchange.target[1]);
    if (exchange.target === '/honest') return answer(exchange, 'ok');
    if (this.#isLate) {
      // The body waits until then, as it does for a slow upstream.
      this.#late.push(() => {
        if (exchange.finished) return;
        this.#note(exchange);
        answer(exchange, 'late');
      });
      return;
    }
    if (behaviour < BEHAVIOURS) BEHAVE[behaviour]?.(exchange);
  }

  /** What is there of the request, as its handler sees it; of the body what has come so far. */
  #note(exchange: ClientExchange): void {
    const head = `${exchange.method} ${exchange.host} ${JSON.stringify([...exchange.headers.entries()])}`;
    let body = '';
    const tell = (end: string): void => void this.#seen.set(exchange.target, `${head} ${body} ${end}`);
    tell('');
    exchange.body.stream({
      onChunk: (chunk) => {
        body += chunk.toString('latin1');
        tell('');
        return true;
      },
      onEnd: () => tell(`end ${JSON.stringify([...(exchange.body.trailers?.entries() ?? [])])}`),
      onError: () => this.#seen.delete(exchange.target),
    });
  }
}

const HONEST = 1_000_001;
const honest = (): Buffer => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, HONEST, block(request('/honest')));

const answer = (exchange: ClientExchange, body: string): void =>
  exchange.respond(200, undefined, new HeaderList(), body);

/** The whole body back, as it comes, with trailers behind it. */
function echo(exchange: ClientExchange): void {
  exchange.startResponse(200, undefined, new HeaderList(), undefined);
  exchange.onDrain = () => exchange.body.resume();
  exchange.body.stream({
    onChunk: (chunk) => exchange.write(chunk),
    onEnd: () => exchange.end(HeaderList.from([['x-t', 'end']])),
    onError: () => exchange.abort(),
  });
}

const BEHAVE: readonly ((exchange: ClientExchange) => void)[] = [
  (exchange) => answer(exchange, 'at once'),
  echo,
  (exchange) => void exchange.body.read(10_000).then((bytes) => answer(exchange, String(bytes?.length))),
  (exchange) => answer(exchange, 'x'.repeat(70_000)),
  () => undefined,
  (exchange) => exchange.abort(),
  (exchange) => {
    exchange.startResponse(200, undefined, new HeaderList(), 10);
    exchange.write(Buffer.from('half'));
    setImmediate(() => exchange.end());
  },
  () => {
    throw new HandlerFault();
  },
];

class HandlerFault extends Error {}

function pieces(random: Random, frames: readonly Buffer[]): Buffer[] {
  const bytes = Buffer.concat(frames);
  const most = [1, 12, 300, 5_000][random(4)] as number;
  if (bytes.length / most > 3_000) return [bytes];
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random(most);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

/** What the client may have granted at most: all that looks like a grant. */
interface Granted {
  connection: number;
  initial: number;
  readonly streams: Map<number, number>;
}

const add = (sums: Map<number, number>, id: number, size: number): void =>
  void sums.set(id, (sums.get(id) ?? 0) + size);

/** Looks through all that the server said. @param isOpened all windows were opened at the end. */
function judge(
  said: Buffer,
  frames: readonly Buffer[],
  requests: ReadonlyMap<string, string>,
  isOpened: boolean,
): Outcome {
  const { granted, received } = readClient(Buffer.concat(frames));
  if (isOpened) {
    granted.connection += LAST_GRANT;
    granted.initial = Math.max(granted.initial, LAST_INITIAL);
  }
  const decoder = new HpackDecoder();
  const sent = new Map<number, number>();
  const given = new Map<number, number>();
  const resets = new Map<number, number>();
  const ended = new Set<number>();
  let goodbye: number | undefined;
  let at = 0;
  while (at < said.length) {
    const length = said.readUIntBE(at, 3);
    const [type, flags] = [said[at + 3] as number, said[at + 4] as number];
    const id = said.readUInt32BE(at + 5);
    const payload = said.subarray(at + 9, (at += 9 + length));
    assert.ok(length <= 16_384 && payload.length === length, 'half a frame');
    assert.ok(goodbye === undefined || goodbye === 0, 'something behind the goodbye of a fault');
    const isOfAnswer = type === FRAME.data || type === FRAME.headers;
    if (isOfAnswer) assert.ok(!ended.has(id) && !resets.has(id), `frame ${type} behind the end of a stream`);
    if (type === FRAME.data) {
      add(sent, 0, length);
      add(sent, id, length);
    } else if (type === FRAME.headers) {
      const lines: string[] = [];
      assert.ok((flags & FLAG.endHeaders) !== 0 && decoder.decode(payload, 0, length, lines, 100_000, 1_000));
    } else if (type === FRAME.windowUpdate) add(given, id, payload.readUInt32BE(0));
    else if (type === FRAME.reset) resets.set(id, payload.readUInt32BE(0));
    else if (type === FRAME.goaway) goodbye = payload.readUInt32BE(4);
    else assert.ok(type === FRAME.settings || type === FRAME.ping, `frame ${type}`);
    if (isOfAnswer && (flags & FLAG.endStream) !== 0) ended.add(id);
  }
  for (const [id, size] of sent) {
    const most = id === 0 ? granted.connection : granted.initial + (granted.streams.get(id) ?? 0);
    assert.ok(size <= most, `${size} bytes sent on ${id}, ${most} granted`);
  }
  for (const [id, size] of given) {
    const came = received.get(id) ?? 0;
    const most = id === 0 ? CONNECTION_WINDOW - 65_535 + came : came;
    assert.ok(size <= most, `${size} given on ${id}, of ${came} that came`);
  }
  return { goodbye: goodbye === 0 ? undefined : goodbye, resets, requests, ended };
}

function readClient(bytes: Buffer): { granted: Granted; received: Map<number, number> } {
  const granted: Granted = { connection: 65_535, initial: 65_535, streams: new Map() };
  const received = new Map<number, number>();
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3];
    const id = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    const payload = bytes.subarray(at + 9, (at += 9 + length));
    if (type === FRAME.data) {
      add(received, 0, length);
      add(received, id, length);
    } else if (type === FRAME.windowUpdate && payload.length === 4) {
      const size = payload.readUInt32BE(0) & 0x7fffffff;
      if (id === 0) granted.connection += size;
      else add(granted.streams, id, size);
    } else if (type === FRAME.settings) {
      for (let i = 0; i + 6 <= payload.length; i += 6) {
        if (payload.readUInt16BE(i) === 4) granted.initial = Math.max(granted.initial, payload.readUInt32BE(i + 2));
      }
    }
  }
  return { granted, received };
}

export const isHandlerFault = (error: unknown): boolean => error instanceof HandlerFault;
