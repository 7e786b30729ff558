// What is put in order: a route, or the part of one whose paths share a priority. Three numbers say which comes first; they
// mean what the flavour wants them to.
import type { HostRule } from './host-index.ts';

export interface Part<R> {
  readonly route: R;
  /** Greater first: the first that differs decides. */
  readonly high: number;
  readonly middle: number;
  readonly low: number;
  /** Then the lower first … */
  readonly tie: number;
  /** … then the greater first. */
  readonly id: string;
  /** Bytes; without the `~` when they are expressions. */
  readonly paths: readonly string[];
  readonly isRegex: boolean;
  /** Those of the route that belong to this part, when not all do. */
  readonly hosts?: readonly HostRule[];
}

/** Best first. */
export function compareParts(a: Part<unknown>, b: Part<unknown>): number {
  return (
    b.high - a.high ||
    b.middle - a.middle ||
    b.low - a.low ||
    a.tie - b.tie ||
    (a.id === b.id ? 0 : a.id < b.id ? 1 : -1)
  );
}

const CHUNK = 500;
const MERGED = 2000;

/** Stable, and yields from time to time. */
export function* sortParts<R>(parts: readonly Part<R>[]): Generator<void, Part<R>[]> {
  let from: Part<R>[] = [];
  for (let at = 0; at < parts.length; at += CHUNK) {
    from.push(...parts.slice(at, at + CHUNK).sort(compareParts));
    yield;
  }
  let to: Part<R>[] = new Array<Part<R>>(from.length);
  for (let width = CHUNK; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      yield* merge(from, to, start, Math.min(start + width, from.length), Math.min(start + 2 * width, from.length));
    }
    [from, to] = [to, from];
  }
  return from;
}

function* merge<R>(
  from: readonly Part<R>[],
  to: Part<R>[],
  start: number,
  middle: number,
  end: number,
): Generator<void, void> {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    if (at % MERGED === 0) yield;
    const takesLeft = right >= end || (left < middle && compareParts(from[left]!, from[right]!) <= 0);
    to[at] = takesLeft ? from[left++]! : from[right++]!;
  }
}
