// What a header of a route may be compared with: texts, or behind `~*` a regular expression. The router compiles patterns
// here too, so that whatever can be written can be matched. Texts here are bytes.
import { lowerBytes, utf8ToBytes } from '../lib/byte-text.ts';
import { type Compiled, compilePattern } from '../lib/regex.ts';

const PATTERN_MARK = '~*';

export const isHeaderPattern = (value: string): boolean => value.startsWith(PATTERN_MARK);

/** Where each value may be a pattern, it is lower-cased as the values are, which changes what `\D` means. */
export const compileHeaderPattern = (value: string): Compiled =>
  compilePattern(lowerBytes(patternOf(value)), { lookaround: false });

/** In the traditional router only a value that stands alone may be one, and it may look around. */
export const compileLonePattern = (value: string): Compiled =>
  compilePattern(`(?i)${patternOf(value)}`, { lookaround: true });

const patternOf = (value: string): string => value.slice(PATTERN_MARK.length);

export const checkHeaderValue = (value: string): string | undefined => checkPattern(value, compileHeaderPattern);

export const checkTraditionalValues = ([value, ...more]: readonly unknown[]): string | undefined =>
  more.length === 0 && typeof value === 'string' ? checkPattern(value, compileLonePattern) : undefined;

function checkPattern(value: string, compile: (value: string) => Compiled): string | undefined {
  if (!isHeaderPattern(value)) return undefined;
  const compiled = compile(utf8ToBytes(value));
  return compiled.ok ? undefined : `invalid regex: '${patternOf(value)}' (${compiled.reason})`;
}
