// Heads that arrive in pieces. They are kept, not parsed, until their empty line is there; but what can never become a head
// (a bare CR or LF, a control byte, too long a line) is refused at its first wrong byte instead of waiting for a deadline.
// Each byte is looked at once, however small the pieces are.

export const NEED_MORE = -1;
export const BAD_BYTE = -2;
export const LINE_TOO_LONG = -3;
export const HEAD_TOO_LARGE = -4;

const LF = 10;
const CR = 13;

// Where in the line structure the last byte left us.
const START = 0;
const LEADING_CR = 1;
const IN_LINE = 2;
const AFTER_CR = 3;
const LINE_START = 4;
const LAST_CR = 5;

export class HeadCollector {
  bytes = Buffer.allocUnsafeSlow(1_024);
  length = 0;
  private readonly headLimit: number;
  private readonly lineLimit: number;
  private state = START;
  private leadingLineSeen = false;
  private firstLine = true;
  private lineLength = 0;

  constructor(headLimit: number, lineLimit: number) {
    this.headLimit = headLimit;
    this.lineLimit = lineLimit;
  }

  /** The position in the chunk behind the head, or one of the negative answers above. */
  feed(chunk: Buffer, from: number): number {
    let { state } = this;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (state === START && byte === CR && !this.leadingLineSeen) {
        state = LEADING_CR;
        continue;
      }
      if (state === LEADING_CR) {
        if (byte !== LF) return BAD_BYTE;
        this.leadingLineSeen = true;
        state = START;
        continue;
      }
      if (byte === CR) {
        if (state === START || state === AFTER_CR || state === LAST_CR) return BAD_BYTE;
        state = state === LINE_START ? LAST_CR : AFTER_CR;
      } else if (byte === LF) {
        if (state !== AFTER_CR && state !== LAST_CR) return BAD_BYTE;
        if (state === LAST_CR) {
          this.store(byte);
          this.state = START;
          return i + 1;
        }
        state = LINE_START;
        this.firstLine = false;
        this.lineLength = 0;
      } else {
        if (state === AFTER_CR || state === LAST_CR || (byte < 0x20 ? byte !== 9 : byte === 0x7f)) return BAD_BYTE;
        state = IN_LINE;
        if (++this.lineLength > this.lineLimit) return this.firstLine ? LINE_TOO_LONG : HEAD_TOO_LARGE;
      }
      if (this.length >= this.headLimit) return HEAD_TOO_LARGE;
      this.store(byte);
    }
    this.state = state;
    return NEED_MORE;
  }

  private store(byte: number): void {
    if (this.length === this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.bytes.length);
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.bytes[this.length++] = byte;
  }
}
