// Reads the router fixtures, turns one of their requests into what the router takes, and checks what it answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { upstreamPath } from '../../src/gateway/router/path.ts';
import {
  type Captures,
  compileRouter,
  type RouteInput,
  type RouterOptions,
  type RouterRoute,
} from '../../src/gateway/router/router.ts';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { normalise, splitTarget } from '../../src/lib/uri.ts';

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: string | undefined;
  readonly host?: string;
  readonly scheme?: 'http' | 'https';
  readonly sni?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export type CaseRoute = Omit<RouterRoute, 'protocols'> & {
  readonly protocols?: readonly string[];
  readonly service?: { readonly path?: string } | null;
};

export const readFixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../fixtures/router/${name}.json`, import.meta.url), 'utf8')) as T;

export const withProtocols = (routes: readonly CaseRoute[]): (CaseRoute & RouterRoute)[] =>
  routes.map((route) => ({ protocols: ['http', 'https'], ...route }));

export function inputOf(request: CaseRequest): RouteInput {
  const scheme = request.scheme ?? 'http';
  const headers = new Map<string, string[]>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers.set(name.toLowerCase(), typeof value === 'string' ? [value] : [...value]);
  }
  return {
    method: request.method,
    host: request.host ?? '',
    path: utf8ToBytes(request.path),
    query: request.query,
    scheme,
    port: scheme === 'https' ? 443 : 80,
    sni: request.sni,
    headers: { getAll: (name) => headers.get(name.toLowerCase()) ?? [] },
  };
}

export interface Case extends Omit<CaseRequest, 'path'> {
  readonly id: string;
  readonly routes: string;
  /** Either what came with the request line, or a path that is normalised already. */
  readonly target?: string;
  readonly path?: string;
  /** Index of the route, null for none. */
  readonly picks: number | null;
  readonly upstreamPath?: string;
  readonly strips?: string | null;
  readonly captures?: Readonly<Record<string, string>>;
}

export interface Cases {
  readonly routes: Readonly<Record<string, readonly CaseRoute[]>>;
  readonly cases: readonly Case[];
}

export const readCases = (name: string): Cases => readFixture<Cases>(name);

/** Several routes that all match: who wins, by flavour and arithmetic. */
export interface Probe extends CaseRequest {
  readonly strict: number | null;
  readonly original: number | null;
  readonly traditional: number | null;
  readonly strips?: string;
  readonly captures?: Readonly<Record<string, string>>;
}

export function checkCase(fixture: Cases, one: Case, options: RouterOptions): void {
  const routes = withProtocols(fixture.routes[one.routes]!);
  const { path, query } = one.path === undefined ? splitTarget(one.target!) : { path: one.path, query: undefined };
  const normal = one.path ?? normalise(path, true);
  const match = compileRouter(routes, options).match(inputOf({ ...one, path: normal, query }));
  assert.equal(match === undefined ? null : routes.indexOf(match.route), one.picks);
  if (one.captures !== undefined) {
    assert.deepEqual(flat(match!.captures), filledAsIn(one.captures, match!.captures!.unnamed.length));
  }
  if (one.upstreamPath === undefined) return;
  const sent = upstreamPath(match!, match!.route.service?.path, normal);
  assert.equal(sent.path, utf8ToBytes(one.upstreamPath));
  assert.equal(sent.strippedPrefix ?? null, one.strips);
}

export function checkProbe(
  given: readonly CaseRoute[],
  probe: Probe,
  expected: number | null,
  options: RouterOptions,
): void {
  const routes = withProtocols(given);
  const match = compileRouter(routes, options).match(inputOf(probe));
  assert.equal(match === undefined ? null : routes.indexOf(match.route), expected, JSON.stringify(probe));
  if (match === undefined) return;
  if (probe.captures !== undefined) assert.deepEqual(flat(match.captures), probe.captures);
  if (probe.strips !== undefined) assert.equal(match.prefix, probe.strips);
}

/** Numbered and named together: the form of the fixtures. */
export function flat(captures: Captures | undefined): Record<string, string> | undefined {
  if (captures === undefined) return undefined;
  const numbered = captures.unnamed.map((value, i) => [String(i), value] as const);
  return Object.fromEntries([...numbered, ...Object.entries(captures.named)]);
}

/** A group without a part in the match is absent in the fixtures and empty here. */
const filledAsIn = (expected: Readonly<Record<string, string>>, count: number): Record<string, string> => ({
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i), ''])),
  ...expected,
});
