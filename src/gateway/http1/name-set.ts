// A fixed set of header names, or of values, that is asked about every message: nearly always the length or the first letter
// already says no, and nothing is cut out of the text to find that out.
import { letterOf } from './name-bytes.ts';

export class NameSet {
  /** By length. */
  private readonly byLength: (string[] | undefined)[] = [];
  private readonly foldsUnderscores: boolean;
  /** What the names begin with, as of `letterOf`. */
  readonly letters: number;

  /** @param spelling `exact` ignores case; `any` takes `_` for `-` as well. */
  constructor(names: readonly string[], spelling: 'exact' | 'any') {
    this.foldsUnderscores = spelling === 'any';
    for (const name of names) (this.byLength[name.length] ??= []).push(name);
    this.letters = names.reduce((letters, name) => letters | letterOf(name), 0);
  }

  has(text: string, start: number, end: number): boolean {
    const candidates = this.byLength[end - start];
    if (candidates === undefined) return false;
    for (let i = 0; i < candidates.length; i++) {
      if (this.isSame(text, start, candidates[i] as string)) return true;
    }
    return false;
  }

  private isSame(text: string, start: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) {
      const expected = name.charCodeAt(i);
      const code = text.charCodeAt(start + i);
      if (code === expected || (code > 0x40 && code < 0x5b && (code | 0x20) === expected)) continue;
      if (!(this.foldsUnderscores && code === UNDERSCORE && expected === DASH)) return false;
    }
    return true;
  }
}

const UNDERSCORE = 0x5f;
const DASH = 0x2d;
