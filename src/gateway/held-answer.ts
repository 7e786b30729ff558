// What an upstream sends while plugins think about the head of its answer. The upstream is made to wait after the first chunk.
import type { HeaderList } from './http1/headers.ts';

export class HeldAnswer {
  readonly chunks: Buffer[] = [];
  /** Undefined until the answer has ended. */
  end: { readonly trailers: HeaderList | undefined } | undefined = undefined;

  /** The engine may use its buffer again; what is kept must be our own. */
  keep(chunk: Buffer): false {
    this.chunks.push(Buffer.from(chunk));
    return false;
  }
}
