// Patterns written for PCRE or Rust's regex, as JavaScript regular expressions. What JavaScript cannot do is refused with
// the reason, and so is what could take exponential time on a hostile text: patterns are the operator's, texts are not.

export type Compiled = { readonly ok: true; readonly regex: RegExp } | { readonly ok: false; readonly reason: string };

export interface PatternOptions {
  /** Allow look-around and back-references (PCRE has them, Rust's engine does not). */
  readonly lookaround?: boolean;
  /** Match at the start of the text only. */
  readonly anchored?: boolean;
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
};

export function compilePattern(pattern: string, options: PatternOptions = {}): Compiled {
  const translated = translate(pattern, options.lookaround ?? true);
  if (!translated.ok) return translated;
  if (hasNestedRepetition(translated.source)) {
    return {
      ok: false,
      reason: 'a repetition inside a repetition can take exponential time; write it without nesting',
    };
  }
  try {
    const source = options.anchored === true ? `^(?:${translated.source})` : translated.source;
    return { ok: true, regex: new RegExp(source, translated.flags) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

type Translated = { ok: true; source: string; flags: string } | { ok: false; reason: string };

function translate(pattern: string, lookaround: boolean): Translated {
  const refuse = (what: string): Translated => ({ ok: false, reason: `${what} is not supported` });
  let flags = '';
  let rest = pattern;
  const inline = /^\(\?([imsx]+)\)/.exec(rest);
  if (inline !== null) {
    if (inline[1]!.includes('x')) return refuse('the (?x) flag');
    flags = [...new Set(`${inline[1]}`)].join('');
    rest = rest.slice(inline[0].length);
  }
  let source = '';
  for (let i = 0; i < rest.length; i++) {
    const char = rest[i]!;
    const tail = rest.slice(i);
    if (char === '\\') {
      const next = rest[i + 1];
      if (next === undefined) return { ok: false, reason: 'the pattern ends with a backslash' };
      if (next === 'Q') {
        const end = rest.indexOf('\\E', i + 2);
        const literal = rest.slice(i + 2, end < 0 ? rest.length : end);
        source += literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        i = end < 0 ? rest.length : end + 1;
        continue;
      }
      if (next === 'A') source += '^';
      else if (next === 'z') source += '$';
      else if (next === 'Z') source += '(?=\\n?$)';
      else if (next === 'h') source += '[ \\t]';
      else if (next === 'K' || next === 'G' || next === 'R' || next === 'X') return refuse(`\\${next}`);
      else if (/[1-9k]/.test(next) && !lookaround) return refuse('a back-reference');
      else source += char + next;
      i += 1;
      continue;
    }
    if (char === '[') {
      const end = endOfClass(rest, i);
      if (end < 0) return { ok: false, reason: 'missing terminating ] for character class' };
      source += rest.slice(i, end + 1).replace(/\[:(\^?)(\w+):\]/g, (whole, not: string, name: string) => {
        const known = POSIX_CLASSES[name];
        return known === undefined || not !== '' ? whole : known;
      });
      i = end;
      continue;
    }
    if (char === '(' && rest[i + 1] === '?') {
      if (tail.startsWith('(?P<')) {
        source += '(?<';
        i += 3;
        continue;
      }
      if (/^\(\?(?:=|!|<=|<!)/.test(tail) && !lookaround) return refuse('look-around');
      if (tail.startsWith('(?>')) return refuse('an atomic group');
      if (/^\(\?(?:R|\d|&|P>|P=)/.test(tail)) return refuse('recursion');
      if (tail.startsWith('(?(')) return refuse('a conditional');
      if (tail.startsWith('(?#')) return refuse('a comment');
    }
    if (/^(?:[*+?]|\{\d+(?:,\d*)?\})\+/.test(tail)) return refuse('a possessive quantifier');
    source += char;
  }
  return { ok: true, source, flags };
}

/** Position of the `]` that ends the class starting at `from`, or -1. */
function endOfClass(text: string, from: number): number {
  let i = from + 1;
  if (text[i] === '^') i += 1;
  if (text[i] === ']') i += 1;
  for (; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text.startsWith('[:', i)) i = Math.max(i, text.indexOf(':]', i) + 1);
    else if (text[i] === ']') return i;
  }
  return -1;
}

/** Is an unbounded repetition applied to a group that itself ends in, or consists of, an unbounded repetition? */
function hasNestedRepetition(source: string): boolean {
  const stack: { unbounded: boolean }[] = [{ unbounded: false }];
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === '\\') i += 1;
    else if (char === '[') i = Math.max(i, endOfClass(source, i));
    else if (char === '(') stack.push({ unbounded: false });
    else if (char === ')') {
      const group = stack.pop() ?? { unbounded: false };
      const isRepeated = isUnbounded(source, i + 1);
      if (isRepeated && group.unbounded) return true;
      const outer = stack[stack.length - 1];
      if (outer !== undefined && (group.unbounded || isRepeated)) outer.unbounded = true;
    } else if (isUnbounded(source, i)) stack[stack.length - 1]!.unbounded = true;
  }
  return false;
}

const isUnbounded = (source: string, at: number): boolean =>
  source[at] === '*' || source[at] === '+' || /^\{\d+,\}/.test(source.slice(at, at + 12));

/** The literal text that every match begins with. */
export function literalPrefix(pattern: string): string {
  if (/^\(\?[a-z]+\)/.test(pattern) || pattern.includes('|')) return '';
  let prefix = '';
  for (let i = 0; i < pattern.length; i++) {
    let char = pattern[i]!;
    let length = 1;
    if (char === '\\' && /[^A-Za-z0-9]/.test(pattern[i + 1] ?? 'a')) {
      char = pattern[i + 1]!;
      length = 2;
    } else if (/[\\^$.*+?()[\]{}|]/.test(char)) break;
    const next = pattern[i + length];
    if (next === '*' || next === '?' || next === '{') break;
    prefix += char;
    i += length - 1;
  }
  return prefix;
}
