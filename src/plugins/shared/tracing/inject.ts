// Writes trace headers. Answers the trace id as the format spells it, for the log record.
import { utf8ToBytes } from '../../../lib/byte-text.ts';
import type { UpstreamView } from '../../../pdk/index.ts';
import { type Incoming, type InjectFormat, type Outgoing, sized } from './context.ts';

type Writer = (upstream: UpstreamView, span: Outgoing, incoming: Incoming | undefined) => string;

/** Both sizes are good: the id stays as it is. */
const anySize = (id: string): string => (id.length === 16 || id.length === 32 ? id : sized(id, 32));
const decimal = (id: string): string => BigInt(`0x${sized(id, 16)}`).toString();
const bit = (isSampled: boolean): string => (isSampled ? '1' : '0');

function setOrRemove(upstream: UpstreamView, name: string, value: string | undefined): void {
  if (value === undefined) upstream.removeHeader(name);
  else upstream.setHeader(name, value);
}

export const WRITERS: Readonly<Record<InjectFormat, Writer>> = {
  w3c(upstream, { traceId, spanId, isSampled }) {
    const id = sized(traceId, 32);
    upstream.setHeader('traceparent', `00-${id}-${spanId}-0${bit(isSampled)}`);
    return id;
  },
  b3(upstream, { traceId, spanId, parentId, isSampled }, incoming) {
    const id = anySize(traceId);
    const isDebug = incoming?.isDebug === true;
    upstream.setHeader('x-b3-traceid', id);
    upstream.setHeader('x-b3-spanid', spanId);
    setOrRemove(upstream, 'x-b3-parentspanid', parentId);
    setOrRemove(upstream, 'x-b3-flags', isDebug ? '1' : undefined);
    setOrRemove(upstream, 'x-b3-sampled', isDebug ? undefined : bit(isSampled));
    return id;
  },
  'b3-single'(upstream, { traceId, spanId, parentId, isSampled }, incoming) {
    const id = anySize(traceId);
    const decision = incoming?.isDebug === true ? 'd' : bit(isSampled);
    upstream.setHeader('b3', `${id}-${spanId}-${decision}${parentId === undefined ? '' : `-${parentId}`}`);
    return id;
  },
  jaeger(upstream, { traceId, spanId, parentId, isSampled }, incoming) {
    const id = anySize(traceId);
    upstream.setHeader('uber-trace-id', `${id}:${spanId}:${parentId ?? '0'}:0${bit(isSampled)}`);
    for (const [name, value] of incoming?.baggage ?? []) {
      upstream.setHeader(`uberctx-${name}`, encodeURIComponent(value.toWellFormed()));
    }
    return id;
  },
  ot(upstream, { traceId, spanId, isSampled }, incoming) {
    // Tracers of this format made short ids: only a longer one that came in stays long.
    const id = incoming?.traceId === undefined ? sized(traceId, 16) : anySize(traceId);
    upstream.setHeader('ot-tracer-traceid', id);
    upstream.setHeader('ot-tracer-spanid', spanId);
    upstream.setHeader('ot-tracer-sampled', bit(isSampled));
    for (const [name, value] of incoming?.baggage ?? []) upstream.setHeader(`ot-baggage-${name}`, headerText(value));
    return id;
  },
  datadog(upstream, { traceId, spanId, isSampled }) {
    const id = decimal(traceId);
    upstream.setHeader('x-datadog-trace-id', id);
    upstream.setHeader('x-datadog-parent-id', decimal(spanId));
    upstream.setHeader('x-datadog-sampling-priority', bit(isSampled));
    return id;
  },
  aws(upstream, { traceId, spanId, isSampled }) {
    const id = sized(traceId, 32);
    const root = `1-${id.slice(0, 8)}-${id.slice(8)}`;
    upstream.setHeader('X-Amzn-Trace-Id', `Root=${root};Parent=${spanId};Sampled=${bit(isSampled)}`);
    return root;
  },
  gcp(upstream, { traceId, spanId, isSampled }) {
    const id = sized(traceId, 32);
    upstream.setHeader('X-Cloud-Trace-Context', `${id}/${decimal(spanId)};o=${bit(isSampled)}`);
    return id;
  },
  instana(upstream, { traceId, spanId, isSampled }) {
    const id = anySize(traceId);
    upstream.setHeader('x-instana-t', id);
    upstream.setHeader('x-instana-s', spanId);
    upstream.setHeader('x-instana-l', bit(isSampled));
    return id;
  },
};

/** A decoded value may hold what no header may. */
const headerText = (value: string): string => utf8ToBytes(value).replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
