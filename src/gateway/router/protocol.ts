// Does a matched route accept how the client came? Not part of matching: a route for https only also matches requests in
// clear text, which are then told to come back.
import type { RouterRoute } from './router.ts';

const UPGRADE_REQUIRED = 426;

/** `scheme` is what the client used, as far as we believe the proxies in front. A number is the status to answer with. */
export function protocolVerdict(
  route: Pick<RouterRoute, 'protocols' | 'https_redirect_status_code'>,
  scheme: string,
): 'ok' | number {
  if (scheme === 'https') return 'ok';
  const { protocols } = route;
  if (!protocols.includes('https') || protocols.includes('http')) return 'ok';
  return route.https_redirect_status_code ?? UPGRADE_REQUIRED;
}
