// The most connections of clients that are open at a time, with or without a request: more would use up the descriptors that
// requests need to reach their upstreams. One too many is closed before anything is read from it.
import { Losses } from '../environment/losses.ts';

export class ConnectionCap {
  readonly #most: number;
  readonly #refused: Losses;

  /** @param most 0 is without limit. */
  constructor(most: number, report: (message: string) => void) {
    this.#most = most;
    this.#refused = new Losses((_reason, count) =>
      report(`${count === 1 ? 'a connection was' : `${count} connections were`} refused: there are ${most} already`),
    );
  }

  /** @param open connections without this one. */
  admits(open: number): boolean {
    if (this.#most === 0 || open < this.#most) return true;
    this.#refused.add(1, '');
    return false;
  }
}
