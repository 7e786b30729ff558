// What every router flavour takes and gives, and the one table that names the flavours. A router is built once for a
// configuration and then only read. Texts it compares with requests are bytes (latin1), as they come from the wire.
import { compileTraditionalCompatible } from './traditional-compatible.ts';

export interface RouterRoute {
  readonly id: string;
  readonly name?: string | null;
  readonly protocols: readonly string[];
  readonly methods?: readonly string[] | null;
  readonly hosts?: readonly string[] | null;
  readonly headers?: Readonly<Record<string, readonly string[]>> | null;
  readonly paths?: readonly string[] | null;
  readonly snis?: readonly string[] | null;
  readonly regex_priority?: number | null;
  readonly strip_path?: boolean | null;
  readonly preserve_host?: boolean | null;
  readonly path_handling?: string | null;
  readonly created_at?: number;
  readonly https_redirect_status_code?: number | null;
}

export interface RouteInput {
  readonly method: string;
  /** As sent, with the port if there is one; empty when there is none. */
  readonly host: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** Of the connection, whatever a proxy in front says. */
  readonly scheme: 'http' | 'https';
  /** The port that the client connected to; one in `host` counts more. */
  readonly port: number;
  readonly sni?: string | undefined;
  /** Asked only when a route that could match has header rules. */
  readonly headers: { getAll(name: string): string[] };
}

export interface Captures {
  /** 0 is the whole match; groups count from 1, named ones too; a group that took no part is empty. */
  readonly unnamed: string[];
  /** Without prototype; groups that took no part are absent. */
  readonly named: Record<string, string>;
}

export interface RouteMatch<R> {
  readonly route: R;
  /** The part of the path that matched: the literal prefix, or all that the expression matched; '' without a path rule. */
  readonly prefix: string;
  readonly isRegex: boolean;
  /** Only when the expression has groups. */
  readonly captures: Captures | undefined;
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

const FLAVORS = {
  traditional_compatible: compileTraditionalCompatible,
};

export type RouterFlavor = keyof typeof FLAVORS;

export function compileRouter<R extends RouterRoute>(routes: readonly R[], options: RouterOptions): Router<R> {
  return FLAVORS[options.flavor](routes, options.calculation);
}
