// Spans in the shape of Zipkin's API v2: request, proxy, one for each try to reach an upstream, and those of plugins.
import type { JsonObject } from '../../lib/json.ts';
import type { LogExchange } from '../../pdk/index.ts';
import { newId } from '../shared/tracing/context.ts';
import {
  endpoint,
  micros,
  remoteEndpoint,
  type SpanSettings,
  spanMaker,
  targetTags,
  times,
  timing,
  trySpans,
  withoutEmpty,
} from './span-parts.ts';
import type { Tags } from './tags.ts';

export interface Trace {
  readonly traceId: string;
  readonly requestId: string;
  readonly parentId: string | undefined;
  readonly proxyId: string;
  readonly isSampled: boolean;
}

/** Milliseconds since the epoch; undefined for a phase that the request did not reach. */
export interface Moments {
  accessStart: number | undefined;
  headerStart: number | undefined;
  bodyStart: number | undefined;
  bodyEnd: number | undefined;
}

export function spansOf(
  exchange: LogExchange,
  trace: Trace,
  moments: Moments,
  headerTags: Tags,
  settings: SpanSettings,
  now: number,
): JsonObject[] {
  const { request, client, tries } = exchange;
  const name = settings.withPath ? `${request.method} ${request.path}` : request.method;
  const start = request.startedAt;
  const accessStart = moments.accessStart ?? start;
  const proxyEnd = moments.bodyEnd ?? moments.headerStart ?? now;
  const { tags: requestTiming, notes: requestNotes } = timing(settings, [['rewrite', 'kr', start, accessStart]]);
  const accessEnd = tries?.[0]?.balancer_start ?? moments.headerStart ?? now;
  const { tags: proxyTiming, notes: proxyNotes } = timing(settings, [
    ['access', 'ka', moments.accessStart, accessEnd],
    ['header_filter', 'kh', moments.headerStart, moments.bodyStart ?? moments.headerStart],
    ['body_filter', 'kb', moments.bodyStart, moments.bodyEnd],
  ]);
  const span = spanMaker(trace.traceId, settings);
  return [
    span({
      name,
      id: trace.requestId,
      ...(trace.parentId === undefined ? {} : { parentId: trace.parentId }),
      kind: 'SERVER',
      ...times(start, now),
      remoteEndpoint: endpoint(undefined, client.ip, client.port),
      tags: withoutEmpty({ ...requestTags(exchange, settings, headerTags), ...requestTiming }),
      annotations: requestNotes,
    }),
    span({
      name: `${name} (proxy)`,
      id: trace.proxyId,
      parentId: trace.requestId,
      ...times(accessStart, proxyEnd),
      remoteEndpoint: remoteEndpoint(exchange, settings),
      tags: withoutEmpty({ ...targetTags(exchange), ...proxyTiming }),
      annotations: proxyNotes,
    }),
    ...trySpans(tries ?? [], {
      name,
      span,
      parentId: trace.requestId,
      target: exchange,
      settings,
      end: proxyEnd,
      failure: ({ code }) => ({ 'http.status_code': String(code ?? '') }),
    }),
    ...pluginSpans(exchange, trace, now, settings.localName),
  ];
}

/** What plugins measured. */
function pluginSpans({ spans }: LogExchange, trace: Trace, now: number, serviceName: string): JsonObject[] {
  if (spans.length === 0) return [];
  const ids = new Map(spans.map((span) => [span, newId(8)]));
  return spans.map((span) => {
    const { name, kind, parent, start, end, attributes, events, isError } = span;
    const texts = Object.entries(attributes).map(([key, value]) => [key, String(value)] as const);
    return {
      traceId: trace.traceId,
      name,
      id: ids.get(span)!,
      parentId: (parent === undefined ? undefined : ids.get(parent)) ?? trace.requestId,
      ...(kind === 'client' && { kind: 'CLIENT' }),
      localEndpoint: { serviceName },
      ...times(start, end ?? now),
      tags: withoutEmpty({ ...Object.fromEntries(texts), ...(isError && { error: 'true' }) }),
      annotations: events.map((event) => ({ value: event.name, timestamp: micros(event.time) })),
    };
  });
}

function requestTags(exchange: LogExchange, settings: SpanSettings, headerTags: Tags): Record<string, string> {
  const { request, client, response } = exchange;
  const credential = client.credential?.['id'];
  return {
    ...Object.fromEntries(settings.staticTags),
    ...Object.fromEntries(headerTags),
    lc: 'kong',
    'http.method': request.method,
    'http.host': request.host,
    'http.path': request.path,
    'http.protocol': `HTTP/${request.httpVersion === 1 ? '1.0' : request.httpVersion}`,
    'http.status_code': String(response.status),
    'kong.node.id': settings.nodeId,
    'kong.consumer': client.consumer?.id ?? '',
    'kong.credential': settings.withCredential && typeof credential === 'string' ? credential : '',
  };
}
