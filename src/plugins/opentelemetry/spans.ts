// The spans of one request: `kong` for all of it, `kong.balancer` for each try to reach an upstream, where the node has that
// switched on, and those of plugins.
import type { LogExchange, NodeTracing } from '../../pdk/index.ts';
import { newId } from '../shared/tracing/context.ts';
import type { Span } from '../shared/tracing/span.ts';
import type { Trace } from './trace.ts';

export function spansOf(exchange: LogExchange, trace: Trace, tracing: NodeTracing, now: number): Span[] {
  return [
    rootSpan(exchange, trace, now),
    ...pluginSpans(exchange, trace, now),
    ...(tracing.has('balancer') ? balancerSpans(exchange, trace, now) : []),
  ];
}

function rootSpan(exchange: LogExchange, trace: Trace, now: number): Span {
  return {
    traceId: trace.traceId,
    spanId: trace.rootId,
    parentId: trace.callerId,
    name: 'kong',
    kind: 'server',
    start: exchange.request.startedAt,
    end: now,
    attributes: rootAttributes(exchange),
    isError: exchange.response.status >= 500,
  };
}

/** What plugins measured. */
function pluginSpans({ spans }: LogExchange, trace: Trace, now: number): Span[] {
  if (spans.length === 0) return [];
  const ids = new Map(spans.map((span) => [span, newId(8)]));
  return spans.map(({ name, kind, parent, start, end, attributes, events, isError }, index) => ({
    traceId: trace.traceId,
    spanId: ids.get(spans[index]!)!,
    parentId: (parent === undefined ? undefined : ids.get(parent)) ?? trace.rootId,
    name,
    kind,
    start,
    end: end ?? now,
    attributes,
    events,
    isError,
  }));
}

function rootAttributes({ request, client, response, route }: LogExchange): Span['attributes'] {
  const paths = route?.['paths'];
  const path = Array.isArray(paths) ? paths[0] : undefined;
  return {
    'http.method': request.method,
    'http.url': `${request.scheme}://${request.header('host') ?? ''}${request.target}`,
    'http.host': request.host,
    'http.scheme': request.scheme,
    'http.flavor': request.httpVersion === 1 ? '1.0' : request.httpVersion === 2 ? '2.0' : '1.1',
    'http.client_ip': client.ip,
    'net.peer.ip': client.peerIp,
    'kong.request.id': request.id,
    'http.status_code': response.status,
    'http.route': typeof path === 'string' ? path : undefined,
  };
}

function balancerSpans(exchange: LogExchange, trace: Trace, now: number): Span[] {
  const tries = exchange.tries ?? [];
  return tries.map((one, index) => {
    const next = tries[index + 1];
    const isFailed = one.state !== undefined;
    return {
      traceId: trace.traceId,
      // The upstream was told one id before the first try: it is that of the try that reached it.
      spanId: next === undefined ? trace.told.spanId : newId(8),
      parentId: trace.rootId,
      name: 'kong.balancer',
      kind: 'client',
      start: one.balancer_start,
      end: next?.balancer_start ?? now,
      attributes: {
        try_count: index + 1,
        'net.peer.ip': one.ip,
        'net.peer.port': one.port,
        'net.peer.name': typeof exchange.service?.['host'] === 'string' ? exchange.service['host'] : undefined,
        'http.status_code': isFailed ? one.code : undefined,
      },
      isError: isFailed,
    };
  });
}
