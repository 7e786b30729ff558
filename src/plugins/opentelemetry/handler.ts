// opentelemetry at work. A request costs random ids and one header; spans are made when it is over, and only if it is
// sampled. What is not yet decided when the client is answered early (another plugin refused) is decided in the end.
import type { AccessExchange, Environment, LogExchange, Phases, PluginConfig, RequestView } from '../../pdk/index.ts';
import { slot } from '../../pdk/index.ts';
import { tellFormerFields } from '../shared/former-queue-fields.ts';
import { compileRequestText } from '../shared/request-words.ts';
import { type Incoming, isInShare, newId } from '../shared/tracing/context.ts';
import { createPropagation } from '../shared/tracing/propagate.ts';
import type { Span } from '../shared/tracing/span.ts';
import { openExport } from './export.ts';
import { tellLogs } from './logs.ts';
import { encodeTraces, ownResource, type Resource } from './otlp.ts';
import type { schema } from './schema.ts';
import { spansOf, type Trace } from './spans.ts';

export type Config = PluginConfig<typeof schema>;

/** Of requests whose caller did not decide, when the configuration does not say. */
const DEFAULT_RATE = 0.01;

interface Noted extends Trace {
  readonly incoming: Incoming | undefined;
}

export function create(config: Config, environment: Environment): Phases {
  tellFormerFields('opentelemetry', config, environment);
  const propagation = createPropagation(config, environment.log);
  const rate = config.sampling_rate ?? DEFAULT_RATE;
  const resourceOf = compileResource(config, environment);
  const spans =
    config.traces_endpoint === null
      ? undefined
      : openExport<Span>('traces', config.traces_endpoint, config, environment, encodeTraces);
  const noted = slot<Noted>('trace');
  const logs = config.logs_endpoint === null ? undefined : tellLogs(config.logs_endpoint, config, environment);
  const header = config.http_response_header_for_traceid;

  function begin(request: RequestView): Noted {
    const incoming = propagation.extract(request);
    const traceId = incoming?.traceId ?? newId(16);
    return {
      incoming,
      traceId,
      rootId: newId(8),
      callerId: incoming?.spanId ?? incoming?.parentId,
      balancerId: newId(8),
      isSampled: incoming?.isSampled ?? isInShare(traceId, rate),
    };
  }

  function access(exchange: AccessExchange): void {
    const trace = begin(exchange.request);
    exchange.shared.set(noted, trace);
    const { traceId, balancerId, rootId, incoming } = trace;
    const isSampled = exchange.tracing.isSampled ?? trace.isSampled;
    propagation.inject(exchange, { traceId, spanId: balancerId, parentId: rootId, isSampled }, incoming);
    logs?.note(exchange.request, trace, () => resourceOf(exchange.request));
  }

  function log(exchange: LogExchange): void {
    logs?.forget(exchange.request);
    if (spans === undefined) return;
    const trace = exchange.shared.get(noted) ?? begin(exchange.request);
    if (!(exchange.tracing.isSampled ?? trace.isSampled)) return;
    const resource = resourceOf(exchange.request);
    for (const item of spansOf(exchange, trace, environment.clock.now())) spans.push({ resource, item });
  }

  return {
    access,
    ...(header === null
      ? {}
      : {
          header_filter({ response, shared }) {
            const trace = shared.get(noted);
            if (trace !== undefined) response.setHeader(header, trace.traceId);
          },
        }),
    log,
    close() {
      spans?.close();
      logs?.close();
    },
  };
}

/** Attributes that the request cannot give are left out. */
function compileResource(config: Config, { node }: Environment): (request: RequestView | undefined) => Resource {
  const own = ownResource(node.id);
  const texts = Object.entries(config.resource_attributes ?? {}).map(
    ([name, value]) => [name, compileRequestText(value)] as const,
  );
  const constant: Resource = {
    ...own,
    ...Object.fromEntries(texts.flatMap(([name, { constant: text }]) => (text === undefined ? [] : [[name, text]]))),
  };
  if (texts.every(([, { constant: text }]) => text !== undefined)) return () => constant;
  return (request) => {
    if (request === undefined) return constant;
    const rendered = texts.flatMap(([name, text]) => {
      const value = text.render(request);
      return value.ok && value.text !== '' ? [[name, value.text] as const] : [];
    });
    return { ...own, ...Object.fromEntries(rendered) };
  };
}
