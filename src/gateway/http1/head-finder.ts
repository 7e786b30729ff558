// Where a head ends in what a connection receives: at once in the usual case, through a collector when it comes in pieces.
import { HeadCollector, NEED_MORE } from './head-collector.ts';
import { latin1 } from './latin1.ts';

/** Most heads are shorter; only longer ones are looked for twice. */
const FIRST_LOOK = 2_048;
const END = '\r\n\r\n';

export class HeadFinder {
  /** After find(): the head is bytes[start, end), and text is the same from its first byte on. */
  bytes: Buffer | undefined = undefined;
  start = 0;
  end = 0;
  text = '';
  private readonly headLimit: number;
  private readonly lineLimit: number;
  private collector: HeadCollector | undefined = undefined;

  constructor(headLimit: number, lineLimit: number) {
    this.headLimit = headLimit;
    this.lineLimit = lineLimit;
  }

  /** A part of a head is held. */
  get isWaiting(): boolean {
    return this.collector !== undefined;
  }

  /** The first bytes of the part that is held. */
  peek(count: number): string {
    const { collector } = this;
    return collector === undefined ? '' : latin1(collector.bytes, 0, Math.min(collector.length, count));
  }

  /** Looks in chunk[from, to). The position behind the head, or one of the negative answers of the collector. */
  find(chunk: Buffer, from: number, to: number): number {
    if (this.collector === undefined) {
      // One empty line in front of a message is allowed (RFC 9112 section 2.2).
      const start = chunk[from] === 13 && chunk[from + 1] === 10 && from + 1 < to ? from + 2 : from;
      let text = latin1(chunk, start, Math.min(to, start + FIRST_LOOK));
      let length = text.indexOf(END);
      if (length < 0 && to - start > FIRST_LOOK) {
        text = latin1(chunk, start, Math.min(to, start + this.headLimit));
        length = text.indexOf(END);
      }
      if (length >= 0) {
        this.bytes = chunk;
        this.start = start;
        this.end = start + length + END.length;
        this.text = text;
        return this.end;
      }
      this.collector = new HeadCollector(this.headLimit, this.lineLimit);
    }
    const { collector } = this;
    const next = collector.feed(chunk.subarray(0, to), from);
    if (next === NEED_MORE) return next;
    this.collector = undefined;
    this.bytes = collector.bytes;
    this.start = 0;
    this.end = collector.length;
    this.text = latin1(collector.bytes, 0, collector.length);
    return next;
  }

  reset(): void {
    this.collector = undefined;
    this.release();
  }

  /** Lets go of the bytes of the head found last. */
  release(): void {
    this.bytes = undefined;
    this.text = '';
  }
}
