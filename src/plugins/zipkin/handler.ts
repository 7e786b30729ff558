// zipkin at work. The moments of the phases are those at which this plugin's own handlers run: it runs before nearly all
// others. Spans are made when the request is over, and only if it is sampled.

import type { JsonObject } from '../../lib/json.ts';
import type {
  AccessExchange,
  Environment,
  HeaderExchange,
  LogExchange,
  Phases,
  PluginConfig,
  RequestView,
  StreamLogExchange,
} from '../../pdk/index.ts';
import { slot } from '../../pdk/index.ts';
import { queueLimits } from '../shared/queue-limits.ts';
import { type Incoming, newId } from '../shared/tracing/context.ts';
import { createPropagation } from '../shared/tracing/propagate.ts';
import type { schema } from './schema.ts';
import { sessionSpansOf } from './session-spans.ts';
import type { SpanSettings } from './span-parts.ts';
import { type Moments, spansOf, type Trace } from './spans.ts';
import { parseTags } from './tags.ts';

type Config = PluginConfig<typeof schema>;

interface Noted extends Trace, Moments {
  readonly incoming: Incoming | undefined;
}

const KEEP_ALIVE_MS = 60_000;

export function create(config: Config, environment: Environment): Phases {
  const { clock, log } = environment;
  const propagation = createPropagation(config, log);
  const spans = config.http_endpoint === null ? undefined : openSpans(config.http_endpoint, config, environment);
  const settings = settingsOf(config, environment);
  const noted = slot<Noted>('zipkin');
  const prereadStart = slot<number>('zipkin: when preread began');
  const ratio = config.sample_ratio ?? 0;
  const header = config.http_response_header_for_traceid;

  function begin(request: RequestView): Noted {
    const incoming = propagation.extract(request);
    const shared = incoming?.sharesSpan === true ? incoming.spanId : undefined;
    return {
      incoming,
      traceId: incoming?.traceId ?? newId(config.traceid_byte_count),
      requestId: shared ?? newId(8),
      parentId: shared === undefined ? incoming?.spanId : incoming?.parentId,
      proxyId: newId(8),
      isSampled: incoming?.isSampled ?? Math.random() < ratio,
      accessStart: undefined,
      headerStart: undefined,
      bodyStart: undefined,
      bodyEnd: undefined,
    };
  }

  function traceOf({ shared, request }: HeaderExchange | AccessExchange | LogExchange): Noted {
    const known = shared.get(noted);
    if (known !== undefined) return known;
    const trace = begin(request);
    shared.set(noted, trace);
    return trace;
  }

  function access(exchange: AccessExchange): void {
    const trace = traceOf(exchange);
    trace.accessStart = clock.now();
    const { traceId, proxyId, requestId, incoming } = trace;
    const isSampled = exchange.tracing.isSampled ?? trace.isSampled;
    propagation.inject(exchange, { traceId, spanId: proxyId, parentId: requestId, isSampled }, incoming);
  }

  function header_filter(exchange: HeaderExchange): void {
    const trace = traceOf(exchange);
    trace.headerStart = clock.now();
    if (header !== null) exchange.response.setHeader(header, trace.traceId);
    if (spans !== undefined) exchange.response.keepsBody();
  }

  function logSpans(exchange: LogExchange): void {
    const trace = traceOf(exchange);
    if (spans === undefined || !(exchange.tracing.isSampled ?? trace.isSampled)) return;
    const { tags, malformed } = parseTags(exchange.request.headerValues(config.tags_header));
    if (malformed > 0) log.warn(`${config.tags_header} has parts that are no tags`, { parts: malformed });
    for (const span of spansOf(exchange, trace, trace, tags, settings, clock.now())) spans.push(span);
  }

  /** Of connections. They bring no decision and no ids, and there is nowhere to pass any on. */
  function logSession(exchange: StreamLogExchange): void {
    if (spans === undefined || Math.random() >= ratio) return;
    const started = exchange.shared.get(prereadStart);
    const traceId = newId(config.traceid_byte_count);
    for (const span of sessionSpansOf(exchange, traceId, started, settings, clock.now())) spans.push(span);
  }

  return {
    access,
    header_filter,
    ...(spans === undefined
      ? {}
      : {
          preread: ({ shared }) => shared.set(prereadStart, clock.now()),
          stream_log: logSession,
          body_filter({ shared }, chunk, last) {
            const trace = shared.get(noted);
            if (trace?.isSampled === true) {
              const now = clock.now();
              trace.bodyStart ??= now;
              if (last) trace.bodyEnd = now;
            }
            return chunk;
          },
        }),
    log: logSpans,
    close: () => spans?.close(),
  };
}

function settingsOf(config: Config, { node }: Environment): SpanSettings {
  return {
    localName: config.local_service_name,
    remoteName: config.default_service_name ?? undefined,
    withCredential: config.include_credential,
    withPath: config.http_span_name === 'method_path',
    asTags: config.phase_duration_flavor === 'tags',
    staticTags: (config.static_tags ?? []).map(({ name, value }) => [name, value] as const),
    nodeId: node.id,
  };
}

function openSpans(url: string, config: Config, { openQueue, network, instance }: Environment) {
  const timeoutMs = (config.connect_timeout ?? 2000) + (config.send_timeout ?? 5000) + (config.read_timeout ?? 5000);
  return openQueue<JsonObject>({
    name: instance.id,
    limits: queueLimits(config),
    sizeOf: (span) => Buffer.byteLength(JSON.stringify(span)),
    async send(batch) {
      const answer = await network.http({
        url,
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(batch),
        timeoutMs,
        keepAliveMs: KEEP_ALIVE_MS,
        verify: false,
      });
      if (answer.status < 200 || answer.status > 299) {
        throw new Error(`the collector answered with status ${answer.status}`);
      }
    },
  });
}
