// Requests that have ended, looked back at together once the answers of this turn of the event loop have left: nobody waits
// for what is logged, and what is done for many one after the other finds its code and its memory in the processor's cache.
import type { RequestContext } from './context.ts';
import { atEndOfTurn } from './http1/turn.ts';

export class EndedRequests {
  readonly #lookBack: (context: RequestContext) => void;
  #ended: RequestContext[] = [];

  constructor(lookBack: (context: RequestContext) => void) {
    this.#lookBack = lookBack;
  }

  add(context: RequestContext): void {
    // Behind the outbox: a request ends when its last bytes have been given to that.
    if (this.#ended.push(context) === 1) atEndOfTurn(this.#lookBackAtAll);
  }

  readonly #lookBackAtAll = (): void => {
    const ended = this.#ended;
    this.#ended = [];
    for (const context of ended) this.#lookBack(context);
  };
}
