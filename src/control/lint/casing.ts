// How words are written together: the cases that the function `casing` knows, each as one regular expression.
import type { JsonObject } from '../../lib/json.ts';

interface Letters {
  /** A first word, and each word after it. */
  readonly first: (digits: string) => string;
  readonly next: (digits: string) => string;
  readonly joint: string;
}

const word = (first: string, rest: string) => (digits: string) => `[${first}][${rest}${digits}]*`;

const CASES: Readonly<Record<string, Letters>> = {
  flat: { first: word('a-z', 'a-z'), next: () => '', joint: '' },
  camel: { first: word('a-z', 'a-z'), next: (digits) => `[A-Z${digits}][a-z${digits}]*`, joint: '' },
  pascal: { first: word('A-Z', 'a-z'), next: (digits) => `[A-Z${digits}][a-z${digits}]*`, joint: '' },
  kebab: { first: word('a-z', 'a-z'), next: (digits) => `[a-z${digits}]+`, joint: '-' },
  cobol: { first: word('A-Z', 'A-Z'), next: (digits) => `[A-Z${digits}]+`, joint: '-' },
  snake: { first: word('a-z', 'a-z'), next: (digits) => `[a-z${digits}]+`, joint: '_' },
  macro: { first: word('A-Z', 'A-Z'), next: (digits) => `[A-Z${digits}]+`, joint: '_' },
};

/** Answers a test, or what is wrong with the options. */
export function compileCasing(options: JsonObject): ((text: string) => boolean) | string {
  const type = String(options['type'] ?? '');
  const letters = Object.hasOwn(CASES, type) ? CASES[type] : undefined;
  if (letters === undefined) return `'casing' needs type, one of ${Object.keys(CASES).join(', ')}`;
  const digits = options['disallowDigits'] === true ? '' : '0-9';
  const next = letters.next(digits);
  const text = `${letters.first(digits)}${next === '' ? '' : `(?:${letters.joint}${next})*`}`;
  const separator = options['separator'] as JsonObject | undefined;
  const char =
    typeof separator?.['char'] === 'string' ? separator['char'].replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&') : undefined;
  if (char === undefined) return test(`^${text}$`);
  return test(`^${separator?.['allowLeading'] === true ? `${char}?` : ''}${text}(?:${char}${text})*$`);
}

const test = (source: string): ((text: string) => boolean) => {
  const regex = new RegExp(source);
  return (text) => regex.test(text);
};
