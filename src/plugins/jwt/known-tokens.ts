// Tokens whose signature was right: callers come again with the same one, and to verify it once more would answer the same.
// Nothing else is remembered: not who the caller is, and not that a time was good. Those that were not asked for while enough
// others were are forgotten, so there is a bound however many tokens one issuer signs.
import type { Times } from './claims.ts';
import type { Mark } from './keys.ts';
import type { JwtAlgorithm } from './signature.ts';

export interface KnownToken extends Times {
  /** What accepted it. */
  readonly mark: Mark;
  readonly algorithm: JwtAlgorithm;
  /** Claim that names the credential, and what it says. */
  readonly claimName: string;
  readonly key: string;
}

/** Of each of the two generations. */
const MOST_TOKENS = 8_192;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** A longer one is verified each time. */
const LONGEST = 4_096;

/**
 * By the whole text. Looking one up takes no time that tells how much of a guess is right: texts are compared only where their
 * hashes are the same, and hashes have a seed that nobody knows.
 */
export class KnownTokens {
  #young = new Map<string, KnownToken>();
  #old: ReadonlyMap<string, KnownToken> = new Map();
  #characters = 0;

  get(text: string): KnownToken | undefined {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const old = this.#old.get(text);
    if (old !== undefined) this.add(text, old);
    return old;
  }

  add(text: string, token: KnownToken): void {
    if (text.length > LONGEST) return;
    if (!this.#young.has(text)) this.#makeRoom(text.length);
    // A copy: what was cut out of a request's head would keep all of it.
    this.#young.set(Buffer.from(text, 'latin1').toString('latin1'), token);
  }

  #makeRoom(characters: number): void {
    if (this.#young.size >= MOST_TOKENS || this.#characters + characters > MOST_CHARACTERS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#characters += characters;
  }
}
