// Which item of an old list is which of a new one: the longest run of equal items in order, and of what lies between, the
// most similar ones as changes of each other.
import { isEqual, isObject, type Json } from '../../lib/json.ts';

export interface Pairing {
  /** Position in the old list → in the new one. */
  readonly pairs: ReadonlyMap<number, number>;
  /** Positions in the new list that have no old item. */
  readonly added: readonly number[];
}

export function pairItems(before: readonly Json[], after: readonly Json[]): Pairing {
  const pairs = commonPairs(before, after);
  // Moved items count as unchanged.
  const taken = new Set(pairs.values());
  const freeNew = new Set([...after.keys()].filter((i) => !taken.has(i)));
  for (const [i, item] of before.entries()) {
    if (pairs.has(i)) continue;
    const same = [...freeNew].find((at) => isEqual(after[at], item));
    if (same === undefined) continue;
    pairs.set(i, same);
    freeNew.delete(same);
  }
  for (const [i, item] of before.entries()) {
    if (pairs.has(i)) continue;
    const best = [...freeNew]
      .map((at) => ({ at, likeness: likeness(item, after[at]!) + (at === i ? 0.3 : 0) }))
      .filter(({ likeness: value }) => value > 0)
      .sort((a, b) => b.likeness - a.likeness || a.at - b.at)[0];
    if (best === undefined) continue;
    pairs.set(i, best.at);
    freeNew.delete(best.at);
  }
  return { pairs, added: [...freeNew].sort((a, b) => a - b) };
}

/** Longest common subsequence. */
function commonPairs(before: readonly Json[], after: readonly Json[]): Map<number, number> {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      rows[i]![j] = isEqual(before[i], after[j])
        ? rows[i + 1]![j + 1]! + 1
        : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
    }
  }
  const pairs = new Map<number, number>();
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (isEqual(before[i], after[j])) pairs.set(i++, j++);
    else if (rows[i + 1]![j]! >= rows[i]![j + 1]!) i++;
    else j++;
  }
  return pairs;
}

/** 0: nothing in common, not even the type. */
function likeness(a: Json, b: Json): number {
  if (isEqual(a, b)) return 1;
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    let sum = 0;
    for (const key of keys) if (Object.hasOwn(a, key) && Object.hasOwn(b, key)) sum += likeness(a[key]!, b[key]!);
    return keys.size === 0 ? 1 : sum / keys.size;
  }
  return typeof a === typeof b && Array.isArray(a) === Array.isArray(b) ? 0.3 : 0;
}
