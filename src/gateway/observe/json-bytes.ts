// JSON written as bytes, part by part, in memory that is used again for every record. A text put together of a hundred parts
// is a tree that has to be built, walked and turned into bytes; here each part is copied once, to where it stays.
import { loggedText } from '../../lib/byte-text.ts';

const FIRST_BYTES = 16 * 1024;
const MOST_BYTES = 1024 * 1024;
/** Shorter texts are copied character by character: that costs less than a call. */
const SHORT = 40;
const BRACE = 0x7b;
const QUOTE = 0x22;
const BILLION = 1_000_000_000;
const DIGITS_OF_BILLION = 9;

/** 1 where a JSON string shows the byte as it is. */
const PLAIN = Uint8Array.from({ length: 0x100 }, (_, code) =>
  code >= 0x20 && code <= 0x7e && code !== 0x22 && code !== 0x5c ? 1 : 0,
);

/** Texts come in so many kinds (cut out, put together, kept) that a method of theirs would be looked up for each character. */
const { charCodeAt } = String.prototype;

/** UTF-8, for parts that many records have. */
export const piece = (text: string): Uint8Array => Buffer.from(text, 'utf8');

export class JsonBytes {
  private memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private used = 0;
  private time = 0;
  private timeText = piece('0');

  get length(): number {
    return this.used;
  }

  /** Begins anew. What one large text needed is not held for the small ones after it. */
  clear(): void {
    this.used = 0;
    if (this.memory.length > MOST_BYTES) this.memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Everything behind it is written anew. */
  cut(length: number): void {
    this.used = length;
  }

  /** Memory of this object: good until something else is written. */
  bytes(): Uint8Array {
    return this.memory.subarray(0, this.used);
  }

  /** A copy. */
  slice(start: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.memory, start, this.used);
  }

  text(): string {
    return this.memory.toString('utf8', 0, this.used);
  }

  piece(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.memory.set(bytes, at);
  }

  /** Once more what was written there. */
  again(start: number, length: number): void {
    const at = this.take(length);
    const { memory } = this;
    for (let i = 0; i < length; i++) memory[at + i] = memory[start + i] as number;
  }

  /** ASCII that stands in a JSON text as it is. */
  ascii(text: string): void {
    const { length } = text;
    const at = this.take(length);
    const memory = this.memory;
    if (length > SHORT) memory.write(text, at, length, 'latin1');
    else for (let i = 0; i < length; i++) memory[at + i] = charCodeAt.call(text, i);
  }

  /** What stands between the quotes of a JSON string, of text whose characters are bytes. */
  quoted(text: string, start = 0, end = text.length): void {
    const at = this.take(end - start) - start;
    const memory = this.memory;
    for (let i = start; i < end; i++) {
      const code = charCodeAt.call(text, i);
      if (PLAIN[code] !== 1) {
        this.used = at + start;
        this.utf8(JSON.stringify(loggedText(text.slice(start, end))).slice(1, -1));
        return;
      }
      memory[at + i] = code;
    }
  }

  /** The same with the quote behind it. */
  closed(text: string, start = 0, end = text.length): void {
    this.quoted(text, start, end);
    const at = this.take(1);
    this.memory[at] = QUOTE;
  }

  /** The comma in front of the first member becomes the brace that opens the object. */
  openAt(start: number): void {
    if (start === this.used) this.take(1);
    this.memory[start] = BRACE;
  }

  /** Any text. */
  utf8(text: string): void {
    const at = this.take(Buffer.byteLength(text));
    this.memory.write(text, at, 'utf8');
  }

  number(value: number): void {
    if (!(Number.isSafeInteger(value) && value >= 0)) this.ascii(String(value));
    else if (value < BILLION) this.digits(value, digitsOf(value));
    else {
      const high = Math.floor(value / BILLION);
      this.number(high);
      this.digits(value - high * BILLION, DIGITS_OF_BILLION);
    }
  }

  member(member: NumberMember, value: number): void {
    const whole = member.of(value);
    if (whole !== undefined) return this.piece(whole);
    this.piece(member.start);
    this.number(value);
    this.piece(member.end);
  }

  /** Of the time: the same one is often written several times. */
  milliseconds(value: number): void {
    if (value !== this.time) {
      this.time = value;
      this.timeText = piece(String(value));
    }
    this.piece(this.timeText);
  }

  private digits(value: number, count: number): void {
    const at = this.take(count);
    const memory = this.memory;
    let left = value | 0;
    for (let i = at + count - 1; i >= at; i--) {
      const tenth = (left / 10) | 0;
      memory[i] = 0x30 + left - tenth * 10;
      left = tenth;
    }
  }

  /** Where that many bytes go. */
  private take(count: number): number {
    const at = this.used;
    this.used = at + count;
    if (this.used > this.memory.length) this.grow(at);
    return at;
  }

  private grow(kept: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.used, this.memory.length * 2));
    larger.set(this.memory.subarray(0, kept));
    this.memory = larger;
  }
}

const KEPT = 1_000;

/** A member whose value is a number: those of small numbers are kept. */
export class NumberMember {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  private readonly kept = new Array<Uint8Array | undefined>(KEPT).fill(undefined);

  /** @param name and what stands in front of it. @param end what always follows. */
  constructor(name: string, end = '') {
    this.start = piece(name);
    this.end = piece(end);
  }

  /** Undefined when the number is not a small one. */
  of(value: number): Uint8Array | undefined {
    if (!(Number.isInteger(value) && value >= 0 && value < KEPT)) return undefined;
    return (this.kept[value] ??= Buffer.concat([this.start, piece(String(value)), this.end]));
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
