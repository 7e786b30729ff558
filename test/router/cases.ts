// Reads the router fixtures and turns one of their requests into what the router takes.
import { readFileSync } from 'node:fs';
import type { RouteInput, RouterRoute } from '../../src/gateway/router/router.ts';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly scheme?: 'http' | 'https';
  readonly sni?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export type CaseRoute = Omit<RouterRoute, 'protocols'> & { readonly service?: { readonly path?: string } | null };

export const readFixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../fixtures/router/${name}.json`, import.meta.url), 'utf8')) as T;

export const withProtocols = (routes: readonly CaseRoute[]): (CaseRoute & RouterRoute)[] =>
  routes.map((route) => ({ ...route, protocols: ['http', 'https'] }));

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
    scheme,
    port: scheme === 'https' ? 443 : 80,
    sni: request.sni,
    headers: { getAll: (name) => headers.get(name.toLowerCase()) ?? [] },
  };
}
