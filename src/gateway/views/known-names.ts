// Names of headers that plugins set: the same few on every request, so each is judged once. Their number is bounded, for a
// plugin may make names of what clients send.
import { checkName } from '../http1/headers.ts';

const MAX_NAMES = 1000;

export class KnownNames {
  readonly #names = new Set<string>();

  /** Throws HeaderError unless it is a token. */
  check(name: string): void {
    if (this.#names.has(name)) return;
    checkName(name);
    if (this.#names.size < MAX_NAMES) this.#names.add(name);
  }
}
