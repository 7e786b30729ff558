// Patterns written for PCRE or Rust's regex, as JavaScript regular expressions. What JavaScript cannot do is refused with
// the reason, and so is what could take forever on a hostile text: patterns are the operator's, texts are not.
import { costOf } from './regex-cost.ts';
import { parsePattern, type RegexNode } from './regex-syntax.ts';

export type Compiled = { readonly ok: true; readonly regex: RegExp } | { readonly ok: false; readonly reason: string };

export interface PatternOptions {
  /** Allow look-around and back-references (PCRE has them, Rust's engine does not). */
  readonly lookaround?: boolean;
  /** Names of groups may be written `(?<name>…)`, not only `(?P<name>…)`. */
  readonly bareNames?: boolean;
  /** Texts are some kilobytes long, not some hundred characters. */
  readonly longTexts?: boolean;
  /** Match at the start of the text only. */
  readonly anchored?: boolean;
}

/** Rust's patterns meet whole paths, some kilobytes long; those of plugins meet texts that are cut off after some hundred. */
const MAX_POWER = { long: 2, short: 3 } as const;

/** Nobody writes longer ones, and to judge one takes longer than its length alone would say. */
const MAX_LENGTH = 8192;

export function compilePattern(pattern: string, options: PatternOptions = {}): Compiled {
  if (pattern.length > MAX_LENGTH) return { ok: false, reason: `the pattern is longer than ${MAX_LENGTH} characters` };
  const allowsLookaround = options.lookaround ?? true;
  const maxPower = allowsLookaround && options.longTexts !== true ? MAX_POWER.short : MAX_POWER.long;
  const parsed = parsePattern(pattern, {
    lookaround: allowsLookaround,
    bareNames: options.bareNames ?? true,
    // Rust's engine reads texts, PCRE bytes.
    characters: allowsLookaround ? 'bytes' : 'UTF-8',
  });
  if (!parsed.ok) return parsed;
  for (const tree of parsed.trees) {
    const reason = refuseCostly(tree, maxPower);
    if (reason !== undefined) return { ok: false, reason };
  }
  try {
    return { ok: true, regex: new RegExp(options.anchored === true ? anchor(parsed) : parsed.source, parsed.flags) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** With the flag `m` a `^` would also match behind every line break. */
const anchor = ({ source, flags }: { source: string; flags: string }): string =>
  flags.includes('m') ? `(?<![^])(?:${source})` : `^(?:${source})`;

function refuseCostly(tree: RegexNode, maxPower: number): string | undefined {
  const cost = costOf(tree);
  if (cost.kind === 'exponential') {
    return 'nested repetitions or overlapping alternatives match the same text in several ways and can take exponential time';
  }
  if (cost.kind === 'unknown') return 'the pattern is too large to tell how long it may take';
  if (cost.power <= maxPower) return undefined;
  return `${cost.power} repetitions in a row can match the same text and take too long together; make them exclude each other`;
}

/** The literal text that every match of an anchored pattern begins with. */
export const literalPrefix = (pattern: string): string => readLiteral(pattern, /[*?{]/).prefix;

/** The same, as far as what is left of the pattern stands by itself: it matches behind the prefix what the whole matches. */
export function splitLiteral(pattern: string): { readonly prefix: string; readonly rest: string } {
  const { prefix, length } = readLiteral(pattern, /[*?{+]/);
  return { prefix, rest: pattern.slice(length) };
}

/** @param repeats marks what stands behind a repeated character, which is then not taken. */
function readLiteral(pattern: string, repeats: RegExp): { readonly prefix: string; readonly length: number } {
  let prefix = '';
  let length = 0;
  if (/^\(\?[a-zA-Z]+\)/.test(pattern) || hasTopLevelChoice(pattern)) return { prefix, length };
  for (let i = 0; i < pattern.length; i++) {
    let char = pattern[i]!;
    if (char === '\\' && /[^A-Za-z0-9]/.test(pattern[i + 1] ?? 'a')) {
      i += 1;
      char = pattern[i]!;
    } else if (/[\\^$.*+?()[\]{}|]/.test(char)) break;
    // A character of several bytes repeats as a whole.
    while (pattern[i + 1]! >= '\x80' && pattern[i + 1]! <= '\xbf') char += pattern[++i];
    if (repeats.test(pattern[i + 1] ?? '')) break;
    prefix += char;
    length = i + 1;
  }
  return { prefix, length };
}

/** May say yes where there is none. */
function hasTopLevelChoice(pattern: string): boolean {
  if (pattern.includes('\\Q')) return pattern.includes('|');
  const withoutLiterals = pattern.replace(/\\./gs, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  let depth = 0;
  for (const char of withoutLiterals) {
    if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '|' && depth <= 0) return true;
  }
  return false;
}
