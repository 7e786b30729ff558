// What every router flavour takes and gives, and the one table that names the flavours. A router is built once for a
// configuration and then only read. Texts it compares with requests are bytes (latin1), as they come from the wire.
import type { AddressField } from './addresses.ts';
import { buildRouter, type IndexedRouter } from './build.ts';
import { expressions } from './expressions.ts';
import { traditional } from './traditional.ts';
import { traditionalCompatible } from './traditional-compatible.ts';

export interface RouterRoute {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly protocols: readonly string[];
  readonly methods?: readonly string[] | null | undefined;
  readonly hosts?: readonly string[] | null | undefined;
  readonly headers?: Readonly<Record<string, readonly string[]>> | null | undefined;
  readonly paths?: readonly string[] | null | undefined;
  readonly snis?: readonly string[] | null | undefined;
  readonly sources?: readonly AddressField[] | null | undefined;
  readonly destinations?: readonly AddressField[] | null | undefined;
  readonly expression?: string | null | undefined;
  /** Of the expression. */
  readonly priority?: number | null | undefined;
  readonly regex_priority?: number | null | undefined;
  readonly strip_path?: boolean | null | undefined;
  readonly preserve_host?: boolean | null | undefined;
  readonly path_handling?: string | null | undefined;
  readonly created_at?: number | undefined;
  readonly https_redirect_status_code?: number | null | undefined;
}

export interface RouteInput {
  readonly method: string;
  /** As sent, with the port if there is one; empty when there is none. */
  readonly host: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** Without `?`. */
  readonly query?: string | undefined;
  /** Of the connection, whatever a proxy in front says. */
  readonly scheme: 'http' | 'https';
  /** The port that the client connected to; one in `host` counts more. */
  readonly port: number;
  readonly sni?: string | undefined;
  /** Asked only when a route that could match has header rules. */
  readonly headers: { getAll(name: string): string[] };
  /** Asked only when a route that could match has rules about addresses. */
  readonly connection?: {
    readonly remoteAddress: string;
    readonly remotePort: number;
    readonly localAddress: string;
  };
}

export interface Captures {
  /** 0 is the whole match; groups count from 1, named ones too; a group that took no part is empty. */
  readonly unnamed: string[];
  /** Without prototype; groups that took no part are absent. */
  readonly named: Record<string, string>;
}

export interface RouteMatch<R> {
  readonly route: R;
  /** The part of the path that matched: the literal, or all that the expression matched; '' without a path rule. */
  readonly prefix: string;
  readonly isRegex: boolean;
  /** Only when the expression has groups. */
  readonly captures: Captures | undefined;
  /** The rest of the path is joined the way called v1. */
  readonly joinsAsV1: boolean;
}

export interface Router<R> {
  match(input: RouteInput): RouteMatch<R> | undefined;
  /** Routes, or parts of routes, that cannot be matched. Everything else works. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

export interface RouterOptions {
  readonly flavor: RouterFlavor;
  /** 'original' orders routes as 32-bit arithmetic does, 'strict' as the documented 64-bit layout. */
  readonly calculation: 'strict' | 'original';
}

const FLAVORS = { traditional_compatible: traditionalCompatible, traditional, expressions };

export type RouterFlavor = keyof typeof FLAVORS;

/** In steps of which each takes well under a millisecond; whoever drives it decides how many to take at once. */
export function compileRouterInSteps<R extends RouterRoute>(
  routes: readonly R[],
  { flavor, calculation }: RouterOptions,
): Generator<void, IndexedRouter<R>> {
  return buildRouter(routes, FLAVORS[flavor](calculation));
}

export function compileRouter<R extends RouterRoute>(routes: readonly R[], options: RouterOptions): IndexedRouter<R> {
  const steps = compileRouterInSteps(routes, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
