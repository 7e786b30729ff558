// How sets of characters are spelt: the classes that patterns name, and what stands for a character in JavaScript's syntax.
import { addRange, type CharSet, emptySet, intersects, invert, setOf } from './char-set.ts';

const DIGITS = setOf([48, 57]);
const WORD = setOf([48, 57], [65, 90], [95, 95], [97, 122]);
const UTF8_WORD = setOf([48, 57], [65, 90], [95, 95], [97, 122], [0x80, 0xff]);
const SPACES = setOf([9, 13], [32, 32]);
const BLANKS = setOf([9, 9], [32, 32]);

/**
 * Letters after a backslash that stand for sets, and what they are inside of a JavaScript class. Its own `\s` is not used:
 * it knows U+00A0, which in byte text is half a character.
 */
export const SET_ESCAPES: Readonly<Record<string, { readonly chars: CharSet; readonly inClass: string }>> = {
  d: { chars: DIGITS, inClass: '\\d' },
  D: { chars: invert(DIGITS), inClass: '\\D' },
  w: { chars: WORD, inClass: '\\w' },
  W: { chars: invert(WORD), inClass: '\\W' },
  s: { chars: SPACES, inClass: '\\t-\\r ' },
  S: { chars: invert(SPACES), inClass: '\\x00-\\x08\\x0e-\\x1f!-\\uffff' },
  h: { chars: BLANKS, inClass: ' \\t' },
};

/** The same where bytes beyond ASCII are parts of letters. */
export const UTF8_SET_ESCAPES: typeof SET_ESCAPES = {
  ...SET_ESCAPES,
  w: { chars: UTF8_WORD, inClass: '\\w\\x80-\\xff' },
  W: { chars: invert(UTF8_WORD), inClass: '\\x00-\\/:-@\\[-\\^`{-\\x7f' },
};

export const BEYOND_ASCII = setOf([0x80, 0xff]);
export const CONTINUATION = setOf([0x80, 0xbf]);

/** A character of several bytes, by its first one and how many follow. */
export const MULTIBYTE = [
  { lead: setOf([0xc2, 0xdf]), following: 1, source: '[\\xc2-\\xdf][\\x80-\\xbf]' },
  { lead: setOf([0xe0, 0xef]), following: 2, source: '[\\xe0-\\xef][\\x80-\\xbf]{2}' },
  { lead: setOf([0xf0, 0xf4]), following: 3, source: '[\\xf0-\\xf4][\\x80-\\xbf]{3}' },
] as const;

export const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

export const CONTROL_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, e: 27, a: 7 };

/** One character, safe inside and outside of a class. */
export function codeSource(code: number): string {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_]/.test(char)) return char;
  return code < 0x80 && code > 0x20 ? `\\${char}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

/** Letters of one set that are not in the other. */
export const lettersIn = (chars: CharSet, others: CharSet): string =>
  LETTERS.filter((letter) => {
    const one = setOf([letter.charCodeAt(0), letter.charCodeAt(0)]);
    return intersects(chars, one) && !intersects(others, one);
  }).join('');

/** A class of the ASCII characters of a set. */
export function asciiClass(chars: CharSet): string {
  const has = (code: number): boolean => code < 0x80 && ((chars[code >> 5]! >>> (code & 31)) & 1) === 1;
  let source = '';
  for (let code = 0; code < 0x80; code++) {
    if (!has(code)) continue;
    const from = code;
    while (has(code + 1)) code++;
    source += codeSource(from) + (code === from ? '' : `-${codeSource(code)}`);
  }
  return `[${source}]`;
}

/** The first 256 characters that a class in JavaScript's syntax matches. */
export function charsOf(inClass: string): CharSet {
  const regex = new RegExp(`[${inClass}]`);
  const chars = emptySet();
  for (let code = 0; code < 256; code++) if (regex.test(String.fromCharCode(code))) addRange(chars, code, code);
  return chars;
}

/** How often the quantifier repeats. */
export function boundsOf(quantifier: string): [min: number, max: number] {
  if (quantifier === '*') return [0, Number.POSITIVE_INFINITY];
  if (quantifier === '+') return [1, Number.POSITIVE_INFINITY];
  if (quantifier === '?') return [0, 1];
  const [min, max] = quantifier.slice(1, -1).split(',');
  return [Number(min), max === undefined ? Number(min) : max === '' ? Number.POSITIVE_INFINITY : Number(max)];
}
