// The headers that the gateway itself sends: to the upstream (who asked, for what, through whom) and to the client (how
// long it took, who answered). Set last, so that nothing a client or a plugin wrote can stand in for them.
import { escapePath } from '../lib/uri.ts';
import { KONG_VERSION } from '../lib/version.ts';
import type { Entity } from '../schema/define.ts';
import type { RequestContext } from './context.ts';
import { encodeHeaderText, type HeaderList } from './http1/headers.ts';
import { NameSet } from './http1/name-set.ts';
import { keptLines, LineName, NumberLines, OwnLine, OwnLines } from './http1/own-lines.ts';
import type { Timeline } from './observe/timeline.ts';

export const SERVER_TOKEN = `kong/${KONG_VERSION}`;
const VIA_1_1 = `1.1 ${SERVER_TOKEN}`;
const VIA_2 = `2 ${SERVER_TOKEN}`;
const VIA = new LineName('Via');
const TRAILER = new LineName('Trailer');
const FORWARDED_PATH = new LineName('X-Forwarded-Path');
const FORWARDED_PREFIX = new LineName('X-Forwarded-Prefix');
const VIA_LINE = keptLines(`Via: ${VIA_1_1}\r\n`);
const VIA_2_LINE = keptLines(`Via: ${VIA_2}\r\n`);
const SERVER_LINE = keptLines(`Server: ${SERVER_TOKEN}\r\n`);
const TE_LINE = keptLines('TE: trailers\r\n');
const UPSTREAM_LATENCY = new NumberLines('X-Kong-Upstream-Latency');
const PROXY_LATENCY = new NumberLines('X-Kong-Proxy-Latency');

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
  const { core, exchange } = context;
  const prefix = context.reportedPrefix ?? context.forwardedPrefix;
  const earlier = takeOwn(exchange.headers, FORWARDING);
  const path = context.isTrustedPeer ? context.forwarded.path : context.sentPath;
  // Every part was checked when it came in (host, target, peer) or is made here; a prefix is decoded and goes out escaped.
  const via = exchange.httpVersion === 1.1 ? VIA_1_1 : `${exchange.httpVersion} ${SERVER_TOKEN}`;
  const own = [
    callerLines(context, earlier?.chain ?? ''),
    new OwnLine(FORWARDED_PATH, path),
    viaLine(via, earlier?.via ?? ''),
  ];
  if (prefix !== undefined) own.push(new OwnLine(FORWARDED_PREFIX, escapePath(prefix)));
  if (core.config.shown.requestIdUpstream) own.push(context.idLine);
  if (exchange.teTrailers || context.wantsTrailers) own.push(TE_LINE);
  exchange.headers.setOwn(own);
}

/** The longest that DNS knows; others are kept with no connection. */
const LONGEST_KEPT_HOST = 255;

/** @param chain of addresses that the request came through before, as it says itself. */
function callerLines(context: RequestContext, chain: string): OwnLines {
  const { exchange } = context;
  if (context.isTrustedPeer || chain !== '') {
    const addresses = chain === '' ? context.clientIp : `${chain}, ${exchange.remoteAddress}`;
    return new OwnLines(writeCallerLines(context, addresses));
  }
  const { notes, host } = exchange;
  if (host.length > LONGEST_KEPT_HOST) return new OwnLines(writeCallerLines(context, context.clientIp));
  if (notes.callerLines === undefined || notes.host !== host) {
    notes.host = host;
    notes.callerLines = keptLines(writeCallerLines(context, context.clientIp));
  }
  return notes.callerLines;
}

const writeCallerLines = ({ clientIp, forwarded: { scheme, host, port } }: RequestContext, addresses: string): string =>
  `X-Forwarded-For: ${addresses}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Host: ${host}\r\n` +
  `X-Forwarded-Port: ${port}\r\nX-Real-IP: ${clientIp}\r\n`;

/** Texts to which nginx's `charset` applies by default. */
const TEXTS = new NameSet(
  ['text/html', 'text/xml', 'text/plain', 'text/vnd.wap.wml', 'application/javascript', 'application/rss+xml'],
  'exact',
);

function setCharset(charset: string | undefined, headers: HeaderList): void {
  if (charset === undefined) return;
  const type = headers.valueIn('content-type', TEXTS);
  if (type !== undefined) headers.put('Content-Type', `${type}; charset=${charset}`);
}

/** On an answer of the upstream, or on the error page that stands for one. */
export function setProxiedHeaders(context: RequestContext, headers: HeaderList, isUpstreams: boolean): void {
  const { shown } = context.core.config;
  const earlier = takeOwn(headers, ANSWERING);
  setCharset(shown.charset, headers);
  const own: OwnLines[] = [];
  if (shown.server && !headers.has('server')) own.push(SERVER_LINE);
  if (isUpstreams && shown.via) {
    own.push(viaLine(context.isUpstreamHttp2 ? VIA_2 : VIA_1_1, earlier?.via ?? ''));
  } else if (isUpstreams && earlier !== undefined && earlier.via !== '') own.push(new OwnLine(VIA, earlier.via));
  if (earlier !== undefined && earlier.trailer !== '' && context.exchange.teTrailers)
    own.push(new OwnLine(TRAILER, earlier.trailer));
  if (shown.upstreamLatency && context.upstreamLatency >= 0) own.push(UPSTREAM_LATENCY.of(context.upstreamLatency));
  if (shown.proxyLatency) own.push(PROXY_LATENCY.of(context.proxyLatency));
  if (shown.upstreamStatus) setUpstreamStatus(context, headers);
  if (context.timeline !== undefined) setDebugHeaders(context, context.timeline, headers);
  if (shown.requestId) own.push(context.idLine);
  headers.setOwn(own);
}

/** @param earlier what those before us said. */
function viaLine(own: string, earlier: string): OwnLines {
  if (earlier !== '') return new OwnLine(VIA, `${earlier}, ${own}`);
  return own === VIA_1_1 ? VIA_LINE : own === VIA_2 ? VIA_2_LINE : new OwnLine(VIA, own);
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
