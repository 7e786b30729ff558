// Lua's text patterns, as far as templates have them: classes, sets, anchors, repetitions, captures. A pattern may meet any
// text a client sends, so the steps of one search are counted and a search that takes too many fails.
import { EvaluationError } from './values.ts';

export interface Found {
  /** Zero-based, the end not included. */
  readonly start: number;
  readonly end: number;
  readonly captures: readonly string[];
}

/** Steps that are left to a call, however many searches it makes. */
export interface Budget {
  steps: number;
}

export const newBudget = (): Budget => ({ steps: 100_000 });

const MAX_PATTERN = 256;
const MAGIC = /[\^$*+?.([%-]/;

export const hasMagic = (pattern: string): boolean => MAGIC.test(pattern);

interface Search {
  readonly text: string;
  readonly pattern: string;
  readonly budget: Budget;
  /** End is -1 while the capture is open. */
  captures: { start: number; end: number }[];
}

/** The first match at or after `from`; undefined when there is none. */
export function findPattern(text: string, pattern: string, from: number, budget: Budget): Found | undefined {
  if (pattern.length > MAX_PATTERN) throw new EvaluationError('the pattern is too long');
  const isAnchored = pattern.startsWith('^');
  const search: Search = { text, pattern, budget, captures: [] };
  for (let start = from; start <= text.length; start++) {
    search.captures = [];
    const end = matchHere(search, start, isAnchored ? 1 : 0);
    if (end >= 0) {
      if (search.captures.some((capture) => capture.end < 0)) throw new EvaluationError('unfinished capture');
      return { start, end, captures: search.captures.map((capture) => text.slice(capture.start, capture.end)) };
    }
    if (isAnchored) break;
  }
  return undefined;
}

/** Where the match of the rest of the pattern ends, or -1. */
function matchHere(search: Search, at: number, from: number): number {
  const { text, pattern } = search;
  let position = at;
  let p = from;
  while (p < pattern.length) {
    if (--search.budget.steps < 0) throw new EvaluationError('the pattern takes too many steps on this text');
    const char = pattern[p]!;
    if (char === '(') return openCapture(search, position, p);
    if (char === ')') return closeCapture(search, position, p);
    if (char === '$' && p + 1 === pattern.length) return position === text.length ? position : -1;
    const end = endOfItem(pattern, p);
    const repetition = pattern[end];
    if (repetition === '*') return matchMost(search, position, p, end, 0);
    if (repetition === '+') return matchMost(search, position, p, end, 1);
    if (repetition === '-') return matchLeast(search, position, p, end);
    const fits = position < text.length && itemFits(text, position, pattern, p, end);
    if (repetition === '?') {
      if (fits) {
        const found = matchHere(search, position + 1, end + 1);
        if (found >= 0) return found;
      }
      p = end + 1;
      continue;
    }
    if (!fits) return -1;
    position += 1;
    p = end;
  }
  return position;
}

function matchMost(search: Search, at: number, from: number, end: number, least: number): number {
  const { text, pattern } = search;
  let count = 0;
  while (at + count < text.length && itemFits(text, at + count, pattern, from, end)) count++;
  search.budget.steps -= count;
  for (; count >= least; count--) {
    const found = matchHere(search, at + count, end + 1);
    if (found >= 0) return found;
  }
  return -1;
}

function matchLeast(search: Search, at: number, from: number, end: number): number {
  const { text, pattern } = search;
  for (let position = at; ; position++) {
    const found = matchHere(search, position, end + 1);
    if (found >= 0) return found;
    if (position >= text.length || !itemFits(text, position, pattern, from, end)) return -1;
  }
}

function openCapture(search: Search, at: number, from: number): number {
  if (search.pattern[from + 1] === ')') throw new EvaluationError('position captures are not supported');
  const { captures } = search;
  captures.push({ start: at, end: -1 });
  const found = matchHere(search, at, from + 1);
  if (found < 0) captures.pop();
  return found;
}

function closeCapture(search: Search, at: number, from: number): number {
  const open = search.captures.findLast((capture) => capture.end < 0);
  if (open === undefined) throw new EvaluationError('the pattern closes a capture that is not open');
  open.end = at;
  const found = matchHere(search, at, from + 1);
  if (found < 0) open.end = -1;
  return found;
}

/** Position after the single-character item that starts at `from`. */
function endOfItem(pattern: string, from: number): number {
  const char = pattern[from]!;
  if (char === '%') {
    const next = pattern[from + 1];
    if (next === undefined) throw new EvaluationError('the pattern ends with %');
    if (/[bf0-9]/.test(next)) throw new EvaluationError(`%${next} is not supported in patterns`);
    return from + 2;
  }
  if (char !== '[') return from + 1;
  let p = from + 1;
  if (pattern[p] === '^') p += 1;
  do {
    const inner = pattern[p];
    if (inner === undefined) throw new EvaluationError('the pattern has a set without ]');
    p += inner === '%' ? 2 : 1;
  } while (pattern[p] !== ']');
  return p + 1;
}

function itemFits(text: string, at: number, pattern: string, from: number, end: number): boolean {
  const code = text.charCodeAt(at);
  switch (pattern[from]) {
    case '.':
      return true;
    case '%':
      return classFits(code, pattern[from + 1]!);
    case '[':
      return setFits(code, pattern, from, end - 1);
    default:
      return pattern.charCodeAt(from) === code;
  }
}

function setFits(code: number, pattern: string, from: number, close: number): boolean {
  const isNegated = pattern[from + 1] === '^';
  for (let p = from + (isNegated ? 2 : 1); p < close; p++) {
    if (pattern[p] === '%') {
      p += 1;
      if (classFits(code, pattern[p]!)) return !isNegated;
    } else if (pattern[p + 1] === '-' && p + 2 < close) {
      if (pattern.charCodeAt(p) <= code && code <= pattern.charCodeAt(p + 2)) return !isNegated;
      p += 2;
    } else if (pattern.charCodeAt(p) === code) return !isNegated;
  }
  return isNegated;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  c: /[\u0000-\u001f\u007f]/,
  d: /[0-9]/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t-\r]/,
  u: /[A-Z]/,
  w: /[0-9A-Za-z]/,
  x: /[0-9A-Fa-f]/,
};

/** A capital letter is everything but the class; any other character stands for itself. */
function classFits(code: number, name: string): boolean {
  const expression = Object.hasOwn(CLASSES, name.toLowerCase()) ? CLASSES[name.toLowerCase()] : undefined;
  if (expression === undefined) return name.charCodeAt(0) === code;
  const fits = expression.test(String.fromCharCode(code));
  return name === name.toLowerCase() ? fits : !fits;
}
