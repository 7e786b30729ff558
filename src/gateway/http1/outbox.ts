// Small messages of a turn of the event loop leave together at its end. Writing is the most expensive thing that a request
// does; one write behind the other finds the kernel's code in the cache, and a peer that the first one wakes up takes the
// others without being woken again.

import { atEndOfTurn } from './turn.ts';

export interface Sender {
  /** Writes what is held; nothing is held afterwards. May be called earlier by whoever cannot wait. */
  sendNow(): void;
}

const waiting: Sender[] = [];

/** The sender holds something from now on; it says so once until it has sent. */
export function sendSoon(sender: Sender): void {
  if (waiting.push(sender) === 1) atEndOfTurn(sendAll);
}

function sendAll(): void {
  // What is sent may bring up more.
  for (let i = 0; i < waiting.length; i++) (waiting[i] as Sender).sendNow();
  waiting.length = 0;
}
