// The path that goes upstream: the service's path joined with what is left of the request's. Only the joining called v0
// exists here; the traditional_compatible flavour does the same whatever a route's path_handling says.
import type { RouteMatch, RouterRoute } from './router.ts';

export interface UpstreamPath {
  /** Not yet escaped, without the query. */
  readonly path: string;
  /** What strip_path took away. */
  readonly strippedPrefix: string | undefined;
}

export function upstreamPath(
  match: Pick<RouteMatch<Pick<RouterRoute, 'strip_path'>>, 'route' | 'prefix'>,
  servicePath: string | undefined,
  requestPath: string,
): UpstreamPath {
  const base = servicePath === undefined || servicePath === '' ? '/' : servicePath;
  if (match.route.strip_path !== true) return { path: joinWhole(base, requestPath), strippedPrefix: undefined };
  const { prefix } = match;
  const rest = withoutDots(requestPath.slice(prefix === '' ? 1 : prefix.length));
  return { path: joinRest(base, rest, requestPath), strippedPrefix: prefix === '' ? undefined : prefix };
}

function joinWhole(base: string, requestPath: string): string {
  if (base.endsWith('/')) return base === '/' ? requestPath : base + requestPath.slice(1);
  return requestPath === '/' ? base : base + requestPath;
}

function joinRest(base: string, rest: string, requestPath: string): string {
  const endsWithSlash = base.endsWith('/');
  if (rest === '') {
    const askedForSlash = requestPath.length > 1 && requestPath.endsWith('/');
    if (!endsWithSlash) return askedForSlash ? `${base}/` : base;
    return base === '/' || requestPath.endsWith('/') ? base : base.slice(0, -1);
  }
  if (rest.startsWith('/')) return (endsWithSlash ? base.slice(0, -1) : base) + rest;
  return endsWithSlash ? base + rest : `${base}/${rest}`;
}

/** Cutting a prefix off can leave a dot segment at the front: `/route../x` without `/route`. */
function withoutDots(rest: string): string {
  if (rest.charCodeAt(0) !== 46) return rest;
  if (rest === '.' || rest === '..') return '';
  if (rest.startsWith('./')) return rest.slice(2);
  return rest.startsWith('../') ? rest.slice(3) : rest;
}
