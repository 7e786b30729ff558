// The body of an upstream's answer, found in the bytes behind its head: by length, in chunks, or until the end of the connection.
import { ChunkDecoder } from './chunked.ts';
import { MAX_HEAD_BYTES } from './llhttp.ts';
import type { ResponseFraming } from './response-head.ts';

const CHUNK_LIMITS = { extensionBytes: 16_384, trailerBytes: MAX_HEAD_BYTES };

export class ResponseBody {
  /** The payload in the bytes that were read last. */
  start = 0;
  end = 0;
  done = false;
  faulty = false;
  private framing: ResponseFraming = 'none';
  private left = 0;
  private decoder: ChunkDecoder | undefined = undefined;

  begin(framing: ResponseFraming, length: number): void {
    this.framing = framing;
    this.left = length;
    this.decoder = framing === 'chunked' ? new ChunkDecoder(CHUNK_LIMITS) : undefined;
    this.done = framing === 'none';
    this.faulty = false;
  }

  get endsWithConnection(): boolean {
    return this.framing === 'until-close';
  }

  get trailers(): readonly string[] | undefined {
    return this.decoder?.trailers;
  }

  /** @returns where it stopped: at `size`, or behind the last byte of the body. */
  read(bytes: Buffer, from: number, size: number): number {
    const { decoder } = this;
    if (decoder !== undefined) {
      const next = decoder.decode(bytes, from, size);
      this.start = decoder.payloadStart;
      this.end = decoder.payloadEnd;
      this.done = decoder.done;
      this.faulty = decoder.faulty;
      return next;
    }
    this.start = from;
    this.end = this.framing === 'until-close' ? size : Math.min(size, from + this.left);
    this.left -= this.end - from;
    this.done = this.framing === 'length' && this.left === 0;
    return this.end;
  }
}
