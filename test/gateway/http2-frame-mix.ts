// Random sequences of HTTP/2 frames: valid ones, and what becomes of them when something is changed.
import { HpackEncoder } from '../../src/gateway/http2/hpack/encoder.ts';
import { END_HEADERS, END_STREAM, FRAME, frame, PADDED, PRIORITY, uint32 } from './http2-frames.ts';

export type Random = (below: number) => number;

/** Small and repeatable: the same seed gives the same sequence. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** What a path tells the server to do is its business; there are so many. */
export const BEHAVIOURS = 8;

interface OpenStream {
  readonly id: number;
  /** Still to come of a declared body. */
  left: number | undefined;
  window: number;
}

/** Frames of a client that keeps to the rules. */
class Sequence {
  readonly frames: Buffer[] = [];
  readonly #random: Random;
  readonly #encoder = new HpackEncoder();
  readonly #open: OpenStream[] = [];
  #next = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const random = this.#random;
    switch (random(12)) {
      case 0:
      case 1:
      case 2:
        return this.#request();
      case 3:
      case 4:
      case 5:
      case 6:
        return this.#data();
      case 7:
        return this.#grant();
      case 8:
        return this.#settings();
      case 9:
        return this.#ping();
      case 10:
        return this.#odd();
      default:
        return this.#end();
    }
  }

  #request(): void {
    const random = this.#random;
    if (this.#next > 200) return;
    const id = this.#next;
    this.#next += 2 + 2 * random(2);
    const hasBody = random(2) === 0;
    const length = hasBody && random(3) === 0 ? random(3000) : undefined;
    const method = hasBody ? 'POST' : (['GET', 'HEAD', 'OPTIONS', 'TRACE'][random(4)] as string);
    const lines = [
      ':method',
      method,
      ':scheme',
      'http',
      ':path',
      `/${random(BEHAVIOURS)}/${id}`,
      ':authority',
      'a.test',
    ];
    if (length !== undefined) lines.push('content-length', String(length));
    for (let i = random(4); i > 0; i--) lines.push(`x-${random(5)}`, 'v'.repeat(random(60)));
    if (random(6) === 0) lines.push('cookie', 'a=b', 'cookie', 'c=d');
    if (random(6) === 0) lines.push('expect', '100-continue');
    this.#head(id, lines, !hasBody);
    if (hasBody) this.#open.push({ id, left: length, window: 65_535 });
  }

  #head(id: number, lines: string[], isLast: boolean): void {
    const random = this.#random;
    const memory = Buffer.alloc(this.#encoder.roomFor(lines));
    const block = memory.subarray(0, this.#encoder.encode(lines, memory, 0));
    let flags = isLast ? END_STREAM : 0;
    let from = Buffer.alloc(0);
    let padding = 0;
    if (random(5) === 0) {
      flags |= PRIORITY;
      from = Buffer.concat([uint32(0), Buffer.from([random(256)])]);
    }
    if (random(5) === 0) {
      flags |= PADDED;
      padding = random(30);
      from = Buffer.concat([Buffer.from([padding]), from]);
    }
    const cut = random(4) === 0 ? random(block.length + 1) : block.length;
    const more = cut < block.length || random(9) === 0;
    const payload = Buffer.concat([from, block.subarray(0, cut), Buffer.alloc(padding)]);
    const parts = [frame(FRAME.headers, flags | (more ? 0 : END_HEADERS), id, payload)];
    if (more) parts.push(frame(FRAME.continuation, END_HEADERS, id, block.subarray(cut)));
    this.frames.push(Buffer.concat(parts));
  }

  #data(): void {
    const random = this.#random;
    const stream = this.#open[random(this.#open.length)];
    if (stream === undefined) return;
    const most = Math.min(stream.window - 50, stream.left ?? 9_000);
    const size = Math.max(0, Math.min(most, random(4) === 0 ? random(9_000) : random(20)));
    const padding = random(4) === 0 && stream.window > 200 ? random(40) : -1;
    const bytes = Buffer.alloc(size, 97 + random(26));
    const isLast = (stream.left === undefined && random(3) === 0) || stream.left === size;
    if (stream.left !== undefined) stream.left -= size;
    const payload = padding < 0 ? bytes : Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]);
    stream.window -= payload.length;
    this.frames.push(frame(FRAME.data, (isLast ? END_STREAM : 0) | (padding < 0 ? 0 : PADDED), stream.id, payload));
    if (isLast) this.#open.splice(this.#open.indexOf(stream), 1);
  }

  /** By trailers, or by a reset. */
  #end(): void {
    const random = this.#random;
    const at = random(this.#open.length);
    const stream = this.#open[at];
    if (stream === undefined) return;
    if (random(3) === 0) this.frames.push(frame(FRAME.reset, 0, stream.id, uint32(random(14))));
    else if ((stream.left ?? 0) === 0) this.#head(stream.id, ['x-t', String(random(100))], true);
    else return;
    this.#open.splice(at, 1);
  }

  #grant(): void {
    const random = this.#random;
    const id = random(2) === 0 ? 0 : (this.#open[random(this.#open.length)]?.id ?? 0);
    this.frames.push(frame(FRAME.windowUpdate, 0, id, uint32(1 + random(random(3) === 0 ? 100_000 : 50))));
  }

  #settings(): void {
    const random = this.#random;
    const bytes = Buffer.alloc(6 * random(3));
    for (let at = 0; at < bytes.length; at += 6) {
      const kind = [1, 2, 3, 4, 5, 6, 99][random(7)] as number;
      bytes.writeUInt16BE(kind, at);
      bytes.writeUInt32BE(
        kind === 2 ? random(2) : kind === 5 ? 16_384 + random(1_000) : random(random(2) === 0 ? 20 : 70_000),
        at + 2,
      );
    }
    this.frames.push(random(4) === 0 ? frame(FRAME.settings, 1, 0) : frame(FRAME.settings, 0, 0, bytes));
  }

  #ping(): void {
    this.frames.push(frame(FRAME.ping, this.#random(3) === 0 ? 1 : 0, 0, Buffer.alloc(8, this.#random(256))));
  }

  #odd(): void {
    const random = this.#random;
    const id = 1 + 2 * random(20);
    if (random(2) === 0)
      this.frames.push(frame(FRAME.priority, 0, id, Buffer.concat([uint32(id + 1), Buffer.alloc(1)])));
    else this.frames.push(frame(11 + random(200), random(256), random(30), Buffer.alloc(random(40), 1)));
  }
}

/** Up to so many frames that no server may mind. A head in pieces is one of them. */
export function validFrames(random: Random, most: number): Buffer[] {
  const sequence = new Sequence(random);
  for (let i = random(most); i >= 0; i--) sequence.step();
  return sequence.frames;
}

/** The same with something wrong in it, more or less. */
export function changedFrames(random: Random, frames: readonly Buffer[]): Buffer[] {
  const changed: Buffer[] = frames.map((one) => Buffer.from(one));
  for (let i = 1 + random(4); i > 0 && changed.length > 0; i--) {
    const at = random(changed.length);
    const one = changed[at] as Buffer;
    switch (random(11)) {
      case 0:
        one[4] = random(256);
        break;
      case 1:
        one.writeUInt32BE([0, 1, 2, 3, 5, 7, 99, 0x7fffffff, 0x80000001][random(9)] as number, 5);
        break;
      case 2:
        one[3] = random(12);
        break;
      case 3:
        one.writeUIntBE([0, 1, 4, 5, 8, 9, 16_384, 16_385, 0xffffff][random(9)] as number, 0, 3);
        break;
      case 4:
      case 5:
        if (one.length > 9) one[9 + random(one.length - 9)] = random(256);
        break;
      case 6:
        changed.splice(at, 1);
        break;
      case 7:
        changed.splice(random(changed.length), 0, Buffer.from(one));
        break;
      case 8: {
        const other = random(changed.length);
        changed[at] = changed[other] as Buffer;
        changed[other] = one;
        break;
      }
      case 9:
        changed[at] = frame(
          one[3] as number,
          one[4] as number,
          one.readUInt32BE(5) & 0x7fffffff,
          one.subarray(9, 9 + random(one.length)),
        );
        break;
      default:
        changed.splice(at, 0, frame(random(12), random(256), random(40), Buffer.alloc(random(30), random(256))));
    }
  }
  return changed;
}
