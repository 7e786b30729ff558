// Regular expressions of paths, taken apart: the literal beginning, which the path tree compares, and the rest. Of a hundred
// thousand patterns most differ in their beginnings only, so their rests are few, and one compiled expression serves many.
import { compilePattern, splitLiteral } from '../../lib/regex.ts';

/** Sticky: to be tried where the beginning ends. */
export type PathPattern =
  | { readonly ok: true; readonly prefix: string; readonly regex: RegExp }
  | { readonly ok: false; readonly reason: string };

/** A configuration that keeps changing must not keep all the rests that ever were. */
const MANY_RESTS = 10_000;

export class PathPatterns {
  readonly #lookaround: boolean;
  readonly #rests = new Map<string, RegExp | undefined>();

  constructor(lookaround: boolean) {
    this.#lookaround = lookaround;
  }

  compile(pattern: string): PathPattern {
    const divided = this.divide(pattern);
    if (divided !== undefined) return { ok: true, ...divided };
    const whole = compilePattern(pattern, { lookaround: this.#lookaround });
    return whole.ok ? { ok: true, prefix: '', regex: sticky(whole.regex) } : whole;
  }

  /** Undefined for a pattern that has no such beginning, or whose rest does not stand by itself. */
  divide(pattern: string): { readonly prefix: string; readonly regex: RegExp } | undefined {
    const { prefix, rest } = splitLiteral(pattern);
    const regex = prefix === '' || isWholeOnly(rest) ? undefined : this.#restOf(rest);
    return regex === undefined ? undefined : { prefix, regex };
  }

  #restOf(rest: string): RegExp | undefined {
    if (this.#rests.has(rest)) return this.#rests.get(rest);
    const compiled = compilePattern(rest, { lookaround: this.#lookaround });
    const regex = compiled.ok ? sticky(compiled.regex) : undefined;
    if (this.#rests.size >= MANY_RESTS) this.#rests.clear();
    this.#rests.set(rest, regex);
    return regex;
  }
}

/** It begins with what means something else at the beginning of a pattern. */
const isWholeOnly = (rest: string): boolean => /^\((?:\?[a-zA-Z-]+\)|\*)/.test(rest);

const sticky = ({ source, flags }: RegExp): RegExp => new RegExp(source, `${flags}y`);
