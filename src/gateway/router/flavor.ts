// What a router flavour decides: how a route is taken apart and ordered, what its parts match, and – in one of them – where
// a search begins.
import type { HostRule } from './host-index.ts';
import type { Leaf } from './leaf.ts';
import type { Part } from './part.ts';
import type { RequestFields } from './request-fields.ts';
import type { RouteInput, RouterRoute } from './router.ts';

/** A leaf and where it hangs. */
export interface Placed<R> {
  readonly leaf: Leaf<R>;
  readonly prefix: string;
  /** Empty for any. */
  readonly hosts: readonly HostRule[];
}

export type Placements<R> =
  | { readonly ok: true; readonly placed: readonly Placed<R>[] }
  | { readonly ok: false; readonly reason: string };

export interface Flavor {
  /** Nothing when the route has no field to match requests by. */
  split<R extends RouterRoute>(route: R): readonly Part<R>[];
  /** Leaves of one part have the same priority; the earlier, whose rank is lower by `step`, is asked first. */
  place<R extends RouterRoute>(part: Part<R>, rank: number, step: number): Placements<R>;
  /** The lowest rank that a request may get; by default all of them. */
  firstRank?(parts: readonly Part<RouterRoute>[], ranks: readonly number[]): FirstRank | undefined;
  /** The port of a request whose Host names none; by default the one that it came in by. */
  portOf?(input: RouteInput): number;
}

export type FirstRank = (fields: RequestFields) => number;
