// Sets of characters, as regular expressions have them: one bit for each of the first 256, and one for all others together.

const OTHERS = 256;
const WORDS = 9;

export type CharSet = Uint32Array;

export const emptySet = (): CharSet => new Uint32Array(WORDS);

export function addRange(set: CharSet, from: number, to: number): void {
  for (let code = from; code <= Math.min(to, OTHERS - 1); code++) set[code >> 5]! |= 1 << (code & 31);
  if (to >= OTHERS) set[OTHERS >> 5]! |= 1;
}

export function addAll(set: CharSet, other: CharSet): void {
  for (let i = 0; i < WORDS; i++) set[i]! |= other[i]!;
}

export function invert(set: CharSet): CharSet {
  const inverted = emptySet();
  for (let i = 0; i < WORDS - 1; i++) inverted[i] = ~set[i]!;
  inverted[WORDS - 1] = (set[WORDS - 1]! & 1) ^ 1;
  return inverted;
}

export function intersects(a: CharSet, b: CharSet): boolean {
  for (let i = 0; i < WORDS; i++) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}

export const contains = (a: CharSet, b: CharSet): boolean => a.every((word, i) => (b[i]! & ~word) === 0);

export function intersection(a: CharSet, b: CharSet): CharSet {
  return a.map((word, i) => word & b[i]!);
}

export function setOf(...ranges: readonly (readonly [from: number, to: number])[]): CharSet {
  const set = emptySet();
  for (const [from, to] of ranges) addRange(set, from, to);
  return set;
}

const A = 65;
const Z = 90;
const CASE_BIT = 32;

/** Adds the other case of every ASCII letter. */
export function addOtherCase(set: CharSet): void {
  for (let upper = A; upper <= Z; upper++) {
    const lower = upper + CASE_BIT;
    const has = ((set[upper >> 5]! >>> (upper & 31)) | (set[lower >> 5]! >>> (lower & 31))) & 1;
    if (has === 0) continue;
    addRange(set, upper, upper);
    addRange(set, lower, lower);
  }
}
