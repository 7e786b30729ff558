// The path that goes upstream: the service's path joined with what is left of the request's. There are two ways of joining;
// the one called v1 only puts texts together, and only the traditional flavour still knows it.
import type { RouteMatch, RouterRoute } from './router.ts';

export interface UpstreamPath {
  /** Not yet escaped, without the query. */
  readonly path: string;
  /** What strip_path took away. */
  readonly strippedPrefix: string | undefined;
}

type Match = Pick<RouteMatch<Pick<RouterRoute, 'strip_path'>>, 'route' | 'prefix' | 'joinsAsV1'>;

export function upstreamPath(match: Match, servicePath: string | undefined, requestPath: string): UpstreamPath {
  const { route, prefix, joinsAsV1 } = match;
  const base = servicePath === undefined || servicePath === '' ? '/' : servicePath;
  if (route.strip_path !== true) {
    const path = joinsAsV1 ? base + requestPath.slice(1) : joinWhole(base, requestPath);
    return { path, strippedPrefix: undefined };
  }
  const rest = withoutDots(requestPath.slice(prefix === '' ? 1 : prefix.length));
  const path = joinsAsV1 ? joinTexts(base, rest) : joinRest(base, rest, requestPath);
  return { path, strippedPrefix: prefix === '' ? undefined : prefix };
}

const joinTexts = (base: string, rest: string): string =>
  base.endsWith('/') && rest.startsWith('/') ? base + rest.slice(1) : base + rest;

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
