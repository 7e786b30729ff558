// The headers that the gateway itself sends: to the upstream (who asked, for what, through whom) and to the client (how
// long it took, who answered). Set last, so that nothing a client or a plugin wrote can stand in for them.
import { KONG_VERSION } from '../lib/version.ts';
import type { RequestContext } from './context.ts';
import type { HeaderList } from './http1/headers.ts';

const VIA_UPSTREAM: readonly string[] = [`1 kong/${KONG_VERSION}`, `1.1 kong/${KONG_VERSION}`];
const VIA_CLIENT = `1.1 kong/${KONG_VERSION}`;
export const SERVER_TOKEN = `kong/${KONG_VERSION}`;

export function setUpstreamHeaders(context: RequestContext): void {
  const { exchange, forwarded } = context;
  const { headers } = exchange;
  const peer = exchange.remoteAddress;
  const chain = headers.getAll('x-forwarded-for');
  headers.set('X-Forwarded-For', chain.length > 0 ? `${chain.join(', ')}, ${peer}` : context.clientIp);
  headers.set('X-Forwarded-Proto', forwarded.scheme);
  headers.set('X-Forwarded-Host', forwarded.host);
  headers.set('X-Forwarded-Port', String(forwarded.port));
  headers.set('X-Forwarded-Path', forwarded.path);
  const prefix = context.forwardedPrefix;
  if (prefix === undefined) headers.remove('X-Forwarded-Prefix');
  else headers.set('X-Forwarded-Prefix', prefix);
  headers.set('X-Real-IP', context.clientIp);
  headers.set('X-Kong-Request-Id', context.id);
  const via = headers.getAll('via');
  const token = VIA_UPSTREAM[exchange.httpMinor]!;
  headers.set('Via', via.length > 0 ? `${via.join(', ')}, ${token}` : token);
  if (exchange.teTrailers) headers.set('TE', 'trailers');
}

/** On an answer of the upstream, or on the error page that stands for one. */
export function setProxiedHeaders(context: RequestContext, headers: HeaderList, isUpstreams: boolean): void {
  const { config } = context.core;
  if (isUpstreams && config.serverTokens) {
    const via = headers.getAll('via');
    headers.set('Via', via.length > 0 ? `${via.join(', ')}, ${VIA_CLIENT}` : VIA_CLIENT);
  }
  if (config.serverTokens && !headers.has('server')) headers.add('Server', SERVER_TOKEN);
  if (config.latencyTokens) {
    if (context.upstreamLatency >= 0) headers.set('X-Kong-Upstream-Latency', String(context.upstreamLatency));
    headers.set('X-Kong-Proxy-Latency', String(context.proxyLatency));
  }
  headers.set('X-Kong-Request-Id', context.id);
}

/** On an answer that the gateway or a plugin made. */
export function setOwnHeaders(context: RequestContext, headers: HeaderList): void {
  const { config } = context.core;
  if (config.latencyTokens) headers.set('X-Kong-Response-Latency', String(context.elapsed()));
  if (config.serverTokens) headers.set('Server', SERVER_TOKEN);
  headers.set('X-Kong-Request-Id', context.id);
}
