// Messages of the primary, from the first one on: what follows the start, news above all, is kept until somebody takes it.
// Several may arrive in one go, before whoever waits for the first has heard of it; so there is one listener that never changes.
import type { EventEmitter } from 'node:events';
import type { ToWorker } from './messages.ts';

export type Start = Extract<ToWorker, { type: 'start' }>;

export class Inbox {
  /** The first message that matters. */
  readonly start: Promise<Start>;
  #kept: ToWorker[] = [];
  #handle: ((message: ToWorker) => void) | undefined = undefined;

  constructor(source: Pick<EventEmitter, 'on'>) {
    this.start = new Promise((resolve) => {
      source.on('message', (message: ToWorker) => {
        if (message.type === 'start') resolve(message);
        else if (this.#handle !== undefined) this.#handle(message);
        else this.#kept.push(message);
      });
    });
  }

  /** From now on messages are handled, those that were kept first. */
  open(handle: (message: ToWorker) => void): void {
    const kept = this.#kept;
    this.#kept = [];
    this.#handle = handle;
    for (const message of kept) handle(message);
  }
}
