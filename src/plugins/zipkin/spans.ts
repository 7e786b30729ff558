// Spans in the shape of Zipkin's API v2: request, proxy, one for each try to reach an upstream, and those of plugins.
import { isIPv6 } from 'node:net';
import type { JsonObject } from '../../lib/json.ts';
import type { LogExchange } from '../../pdk/index.ts';
import { newId } from '../shared/tracing/context.ts';
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

export interface SpanSettings {
  readonly localName: string;
  readonly remoteName: string | undefined;
  readonly withCredential: boolean;
  readonly withPath: boolean;
  readonly asTags: boolean;
  readonly staticTags: Tags;
  readonly nodeId: string;
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
  const service = remoteName(exchange, settings);
  const span = (values: JsonObject): JsonObject => ({
    traceId: trace.traceId,
    kind: 'CLIENT',
    localEndpoint: { serviceName: settings.localName },
    ...values,
  });
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
      remoteEndpoint: service === undefined ? null : { serviceName: service },
      tags: withoutEmpty({ ...targetTags(exchange), ...proxyTiming }),
      annotations: proxyNotes,
    }),
    ...(tries ?? []).map((one, index) =>
      span({
        name: `${name} (balancer try ${index + 1})`,
        id: newId(8),
        parentId: trace.requestId,
        ...times(one.balancer_start, tries![index + 1]?.balancer_start ?? proxyEnd),
        remoteEndpoint: endpoint(service, one.ip, one.port),
        tags: withoutEmpty({
          'kong.balancer.try': String(index + 1),
          ...(one.state === undefined
            ? {}
            : { error: 'true', 'kong.balancer.state': one.state, 'http.status_code': String(one.code ?? '') }),
          ...targetTags(exchange),
          'peer.hostname': '',
        }),
        annotations: [],
      }),
    ),
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

const micros = (milliseconds: number): number => Math.round(milliseconds * 1000);
const times = (start: number, end: number): JsonObject => ({
  timestamp: micros(start),
  // Zero would mean "unknown".
  duration: Math.max(1, micros(end) - micros(start)),
});

type Phase = readonly [name: string, letters: string, start: number | undefined, end: number | undefined];

function timing(
  { asTags }: SpanSettings,
  phases: readonly Phase[],
): { tags: Record<string, string>; notes: JsonObject[] } {
  const tags: Record<string, string> = {};
  const notes: JsonObject[] = [];
  for (const [name, letters, start, end] of phases) {
    if (start === undefined || end === undefined) continue;
    if (asTags) tags[`kong.${name}.duration_ms`] = String(Math.max(0, end - start));
    else {
      notes.push({ value: `${letters}s`, timestamp: micros(start) });
      notes.push({ value: `${letters}f`, timestamp: micros(Math.max(start, end)) });
    }
  }
  return { tags, notes };
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

function targetTags({ route, service }: LogExchange): Record<string, string> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    'kong.service': service?.id ?? '',
    'kong.service_name': text(service?.['name']),
    'kong.route': route?.id ?? '',
    'kong.route_name': text(route?.['name']),
    'peer.hostname': text(service?.['host']),
  };
}

function remoteName({ service }: LogExchange, settings: SpanSettings): string | undefined {
  const name = service?.['name'];
  return typeof name === 'string' && name !== '' ? name : settings.remoteName;
}

const endpoint = (serviceName: string | undefined, ip: string, port: number): JsonObject => ({
  ...(serviceName === undefined ? {} : { serviceName }),
  ...(isIPv6(ip) ? { ipv6: ip } : { ipv4: ip }),
  port,
});

const withoutEmpty = (tags: Record<string, string>): JsonObject =>
  Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''));
