// Takes the bytes of one request body out of what the connection receives, whichever way it is framed.
import { ChunkDecoder } from './chunked.ts';
import { NO_BODY, type RequestBody } from './request-body.ts';
import type { SharedMemory } from './shared-memory.ts';
import { requestTrailers } from './trailers.ts';

export const BODY_FAULTY = -1;
export const BODY_TOO_LARGE = -2;

export interface BodyLimits {
  /** 0 is without limit. */
  bodyBytes: number;
  chunkExtensionBytes: number;
  /** Of the trailer section. */
  headBytes: number;
}

export class BodyFeeder {
  /** Still to come, where that is known; else 0. */
  bytesLeft: number;
  private readonly body: RequestBody;
  private readonly limit: number;
  private readonly decoder: ChunkDecoder | undefined;
  private readonly memory: SharedMemory | undefined;

  constructor(body: RequestBody, limits: BodyLimits, memory: SharedMemory | undefined) {
    this.body = body;
    this.memory = memory;
    this.bytesLeft = body.length ?? 0;
    this.limit = limits.bodyBytes;
    this.decoder =
      body.kind === 'chunked'
        ? new ChunkDecoder({ extensionBytes: limits.chunkExtensionBytes, trailerBytes: limits.headBytes })
        : undefined;
  }

  /** Gives the body its bytes of chunk[from…]; the position behind them, or one of the negative faults above. */
  feed(chunk: Buffer, from: number): number {
    const { body, decoder } = this;
    if (decoder !== undefined) {
      const next = decoder.decode(chunk, from, chunk.length);
      if (decoder.faulty) return BODY_FAULTY;
      const size = decoder.payloadEnd - decoder.payloadStart;
      if (this.limit > 0 && body.bytesRead + size > this.limit) return BODY_TOO_LARGE;
      if (size > 0) this.push(chunk.subarray(decoder.payloadStart, decoder.payloadEnd), decoder.done);
      if (decoder.done) {
        if (decoder.trailers !== undefined) body.trailers = requestTrailers(decoder.trailers);
        body.finish();
      }
      return next;
    }
    const end = Math.min(chunk.length, from + this.bytesLeft);
    this.bytesLeft -= end - from;
    const isLast = this.bytesLeft === 0;
    if (end > from) this.push(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end), isLast);
    if (isLast) body.finish();
    return end;
  }

  /** Whoever reads the body may keep its bytes. */
  private push(bytes: Buffer, isLast: boolean): void {
    this.body.push(this.memory === undefined ? bytes : this.memory.release(bytes), isLast);
  }
}

/** For a connection before its first body. */
export const NO_FEED = new BodyFeeder(NO_BODY, { bodyBytes: 0, chunkExtensionBytes: 0, headBytes: 0 }, undefined);
