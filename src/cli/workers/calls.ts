// A worker's questions to the primary: each has a number, and its answer carries the same one.
import { type Call, type ToPrimary, type ToWorker, unpackError } from './messages.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Calls {
  readonly #send: (message: ToPrimary) => void;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #isClosed = false;

  constructor(send: (message: ToPrimary) => void) {
    this.#send = send;
  }

  ask(call: Call): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(gone());
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ type: 'call', id, call });
    });
  }

  answer({ id, value, error }: Extract<ToWorker, { type: 'reply' }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(unpackError(error));
  }

  /** Nobody is there any more to answer. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(gone());
    this.#waiting.clear();
  }
}

const gone = (): Error => new Error('the primary process is gone');
