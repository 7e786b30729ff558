// The chunked coding, read strictly: hex digits only, CRLF only, extensions counted over the whole body and dropped, trailers
// checked and kept for who passes them on. The payload is moved together in place, so that a flood of tiny chunks leaves as few
// large pieces.

import { isToken } from './headers.ts';
import { MAX_TRAILERS } from './trailers.ts';

export interface ChunkLimits {
  /** Bytes of all extensions of one body. */
  extensionBytes: number;
  /** Bytes of the trailer section. */
  trailerBytes: number;
}

const LF = 10;
const CR = 13;
const SEMICOLON = 59;
const MAX_SIZE_DIGITS = 8_192;

const SIZE_START = 0;
const SIZE = 1;
const EXTENSION_START = 2;
const EXTENSION = 3;
const SIZE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const TRAILER_START = 8;
const TRAILER = 9;
const TRAILER_LF = 10;
const END_LF = 11;
const DONE = 12;
const FAULTY = 13;

/** Trailers that would frame or route the message (RFC 9110 section 6.5.1). */
const FORBIDDEN_TRAILERS = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'connection',
  'content-encoding',
  'content-type',
  'content-range',
  'te',
  'trailer',
  'upgrade',
]);

export class ChunkDecoder {
  /** After decode(): the payload is bytes[payloadStart, payloadEnd) of the chunk given. */
  payloadStart = 0;
  payloadEnd = 0;
  /** Names and values in turn; undefined while there are none. */
  trailers: string[] | undefined = undefined;
  private readonly limits: ChunkLimits;
  private state = SIZE_START;
  private size = 0;
  private digits = 0;
  private extensionBytes = 0;
  private trailerBytes = 0;
  private line = '';

  constructor(limits: ChunkLimits) {
    this.limits = limits;
  }

  get done(): boolean {
    return this.state === DONE;
  }

  get faulty(): boolean {
    return this.state === FAULTY;
  }

  /** Reads bytes[from, to) and gives where it stopped: `to`, or right behind the body. The bytes may be moved. */
  decode(bytes: Buffer, from: number, to: number): number {
    let i = from;
    let { state } = this;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    let empty = true;
    while (i < to) {
      if (state === DATA) {
        const end = Math.min(to, i + this.size);
        if (empty) {
          this.payloadStart = i;
          this.payloadEnd = end;
          empty = false;
        } else {
          bytes.copyWithin(this.payloadEnd, i, end);
          this.payloadEnd += end - i;
        }
        this.size -= end - i;
        i = end;
        if (this.size === 0) state = DATA_CR;
        continue;
      }
      state = this.step(state, bytes[i++] as number);
      if (state === DONE || state === FAULTY) break;
    }
    this.state = state;
    return i;
  }

  private step(state: number, byte: number): number {
    switch (state) {
      case SIZE_START:
      case SIZE:
        return this.sizeByte(state, byte);
      case EXTENSION_START:
        if (byte === CR || byte === SEMICOLON) return FAULTY;
        return this.extensionByte(byte);
      case EXTENSION:
        return byte === CR ? SIZE_LF : this.extensionByte(byte);
      case SIZE_LF:
        if (byte !== LF) return FAULTY;
        return this.size > 0 ? DATA : TRAILER_START;
      case DATA_CR:
        return byte === CR ? DATA_LF : FAULTY;
      case DATA_LF:
        if (byte !== LF) return FAULTY;
        this.digits = 0;
        return SIZE_START;
      case TRAILER_START:
        if (byte === CR) return END_LF;
        this.line = '';
        return this.trailerByte(byte);
      case TRAILER:
        return byte === CR ? TRAILER_LF : this.trailerByte(byte);
      case TRAILER_LF:
        return byte === LF && this.keepTrailer() ? TRAILER_START : FAULTY;
      case END_LF:
        return byte === LF ? DONE : FAULTY;
      default:
        return FAULTY;
    }
  }

  private sizeByte(state: number, byte: number): number {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.digits > MAX_SIZE_DIGITS) return FAULTY;
      this.size = this.size * 16 + digit;
      return this.size > Number.MAX_SAFE_INTEGER ? FAULTY : SIZE;
    }
    if (state === SIZE_START) return FAULTY;
    if (byte === CR) return SIZE_LF;
    return byte === SEMICOLON ? EXTENSION_START : FAULTY;
  }

  private extensionByte(byte: number): number {
    if (!isTextByte(byte) || ++this.extensionBytes > this.limits.extensionBytes) return FAULTY;
    return EXTENSION;
  }

  private trailerByte(byte: number): number {
    if (!isTextByte(byte) || ++this.trailerBytes > this.limits.trailerBytes) return FAULTY;
    this.line += String.fromCharCode(byte);
    return TRAILER;
  }

  private keepTrailer(): boolean {
    const { line } = this;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon <= 0 || !isToken(name) || FORBIDDEN_TRAILERS.has(name.toLowerCase())) return false;
    this.trailers ??= [];
    return this.trailers.push(name, line.slice(colon + 1).replace(SPACE_AROUND, '')) <= 2 * MAX_TRAILERS;
  }
}

const SPACE_AROUND = /^[ \t]+|[ \t]+$/g;

const isTextByte = (byte: number): boolean => (byte >= 0x20 && byte !== 0x7f) || byte === 9;

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
