// The headers that the gateway itself sends: to the upstream (who asked, for what, through whom) and to the client (how
// long it took, who answered). Set last, so that nothing a client or a plugin wrote can stand in for them.
import { escapePath } from '../lib/uri.ts';
import { KONG_VERSION } from '../lib/version.ts';
import type { Entity } from '../schema/define.ts';
import type { RequestContext } from './context.ts';
import { encodeHeaderText, type HeaderList } from './http1/headers.ts';
import { NameSet } from './http1/name-set.ts';
import type { Timeline } from './observe/timeline.ts';

const VIA_1_1 = `1.1 kong/${KONG_VERSION}`;
const VIA_2 = `2 kong/${KONG_VERSION}`;
export const SERVER_TOKEN = `kong/${KONG_VERSION}`;

/** Names, in lower case, that are the gateway's in a request to an upstream. */
const FORWARDING = new NameSet(
  [
    'via',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-path',
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-forwarded-proto',
    'x-kong-request-id',
    'x-real-ip',
  ],
  'exact',
);

/** Names, in lower case, that are the gateway's in an answer; what follows the body is only announced to who will get it. */
const ANSWERING = new NameSet(
  ['trailer', 'via', 'x-kong-proxy-latency', 'x-kong-request-id', 'x-kong-response-latency', 'x-kong-upstream-latency'],
  'exact',
);

interface Earlier {
  readonly via: string;
  readonly chain: string;
  readonly trailer: string;
}

/** Takes the gateway's own names out of the list; answers what was there under those that are continued. */
function takeOwn(headers: HeaderList, own: NameSet): Earlier | undefined {
  const names = headers.namesIn(own);
  if (names === undefined) return undefined;
  const via = headers.getAll('via').join(', ');
  const chain = headers.getAll('x-forwarded-for').join(', ');
  const trailer = own === ANSWERING ? headers.getAll('trailer').join(', ') : '';
  for (const name of names) headers.remove(name);
  return { via, chain, trailer };
}

export function setUpstreamHeaders(context: RequestContext): void {
  const { exchange, forwarded } = context;
  const prefix = context.reportedPrefix ?? context.forwardedPrefix;
  const earlier = takeOwn(exchange.headers, FORWARDING);
  const chain = earlier === undefined || earlier.chain === '' ? '' : `${earlier.chain}, `;
  const via = earlier === undefined || earlier.via === '' ? '' : `${earlier.via}, `;
  // Every part was checked when it came in (host, target, peer) or is made here; a prefix is decoded and goes out escaped.
  exchange.headers.setTail(
    `X-Forwarded-For: ${chain === '' ? context.clientIp : chain + exchange.remoteAddress}\r\n` +
      `X-Forwarded-Proto: ${forwarded.scheme}\r\nX-Forwarded-Host: ${forwarded.host}\r\n` +
      `X-Forwarded-Port: ${forwarded.port}\r\nX-Forwarded-Path: ${forwarded.path}\r\n` +
      (prefix === undefined ? '' : `X-Forwarded-Prefix: ${escapePath(prefix)}\r\n`) +
      `X-Real-IP: ${context.clientIp}\r\n` +
      (context.core.config.shown.requestIdUpstream ? `X-Kong-Request-Id: ${context.id}\r\n` : '') +
      `Via: ${via}${exchange.httpVersion === 1.1 ? VIA_1_1 : `${exchange.httpVersion} kong/${KONG_VERSION}`}\r\n${exchange.teTrailers || context.wantsTrailers ? 'TE: trailers\r\n' : ''}`,
  );
}

/** Texts to which nginx's `charset` applies by default. */
const TEXTS = /^(?:text\/(?:html|xml|plain|vnd\.wap\.wml)|application\/(?:javascript|rss\+xml))$/i;

function setCharset(charset: string | undefined, headers: HeaderList): void {
  if (charset === undefined) return;
  const type = headers.get('content-type');
  if (type !== undefined && TEXTS.test(type)) headers.put('Content-Type', `${type}; charset=${charset}`);
}

/** On an answer of the upstream, or on the error page that stands for one. */
export function setProxiedHeaders(context: RequestContext, headers: HeaderList, isUpstreams: boolean): void {
  const { shown } = context.core.config;
  const earlier = takeOwn(headers, ANSWERING);
  setCharset(shown.charset, headers);
  let tail = '';
  if (shown.server && !headers.has('server')) tail += `Server: ${SERVER_TOKEN}\r\n`;
  if (isUpstreams && shown.via) {
    const via = context.isUpstreamHttp2 ? VIA_2 : VIA_1_1;
    tail += earlier === undefined || earlier.via === '' ? `Via: ${via}\r\n` : `Via: ${earlier.via}, ${via}\r\n`;
  } else if (isUpstreams && earlier !== undefined && earlier.via !== '') tail += `Via: ${earlier.via}\r\n`;
  if (earlier !== undefined && earlier.trailer !== '' && context.exchange.teTrailers)
    tail += `Trailer: ${earlier.trailer}\r\n`;
  if (shown.upstreamLatency && context.upstreamLatency >= 0)
    tail += `X-Kong-Upstream-Latency: ${context.upstreamLatency}\r\n`;
  if (shown.proxyLatency) tail += `X-Kong-Proxy-Latency: ${context.proxyLatency}\r\n`;
  if (shown.upstreamStatus) setUpstreamStatus(context, headers);
  if (context.timeline !== undefined) setDebugHeaders(context, context.timeline, headers);
  if (shown.requestId) tail += `X-Kong-Request-Id: ${context.id}\r\n`;
  headers.setTail(tail);
}

/** On an answer that the gateway or a plugin made. */
export function setOwnHeaders(context: RequestContext, headers: HeaderList): void {
  const { shown } = context.core.config;
  setCharset(shown.charset, headers);
  if (shown.responseLatency) headers.set('X-Kong-Response-Latency', String(context.elapsed()));
  // An answer that says it came through us has the Server of whoever made it.
  if (shown.server && headers.get('via')?.endsWith(SERVER_TOKEN) !== true) headers.set('Server', SERVER_TOKEN);
  if (context.timeline !== undefined) setDebugHeaders(context, context.timeline, headers);
  if (shown.requestId) headers.set('X-Kong-Request-Id', context.id);
}

/** Of the last try. */
function setUpstreamStatus({ upstreamStatus }: RequestContext, headers: HeaderList): void {
  if (upstreamStatus === '') return;
  headers.set('X-Kong-Upstream-Status', upstreamStatus.slice(upstreamStatus.lastIndexOf(' ') + 1));
}

/** Route and service have to be allowed. */
function setDebugHeaders(context: RequestContext, timeline: Timeline, headers: HeaderList): void {
  const { core, exchange, route, service } = context;
  headers.set('X-Kong-Request-Debug-Output', timeline.headerText());
  if (!core.config.allowsDebug || !exchange.headers.has('kong-debug')) return;
  const tell = (kind: string, entity: Entity | undefined): void => {
    if (entity === undefined) return;
    headers.set(`Kong-${kind}-Id`, entity.id);
    if (typeof entity['name'] === 'string') headers.set(`Kong-${kind}-Name`, encodeHeaderText(entity['name']));
  };
  tell('Route', route);
  tell('Service', service);
}
