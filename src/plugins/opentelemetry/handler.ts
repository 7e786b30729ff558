// opentelemetry at work. A request costs random ids and one header; spans are made when it is over, and only if it is
// sampled. What is not yet decided when the client is answered early (another plugin refused) is decided in the end.
import type { AccessExchange, Environment, LogExchange, Phases, PluginConfig, RequestView } from '../../pdk/index.ts';
import { slot } from '../../pdk/index.ts';
import { tellFormerFields } from '../shared/former-queue-fields.ts';
import { compileRequestText } from '../shared/request-words.ts';
import type { Incoming } from '../shared/tracing/context.ts';
import { createPropagation } from '../shared/tracing/propagate.ts';
import type { Span } from '../shared/tracing/span.ts';
import { openExport } from './export.ts';
import { tellLogs } from './logs.ts';
import { encodeTraces, ownResource, type Resource } from './otlp.ts';
import type { schema } from './schema.ts';
import { spansOf } from './spans.ts';
import { beginTrace, type Trace } from './trace.ts';

export type Config = PluginConfig<typeof schema>;

interface Noted extends Trace {
  readonly incoming: Incoming | undefined;
}

export function create(config: Config, environment: Environment): Phases {
  tellFormerFields('opentelemetry', config, environment);
  const propagation = createPropagation(config, environment.log);
  const { tracing } = environment.node;
  const rate = config.sampling_rate ?? tracing.samplingRate;
  const resourceOf = compileResource(config, environment);
  const spans =
    config.traces_endpoint === null || !tracing.isOn
      ? undefined
      : openExport<Span>('traces', config.traces_endpoint, config, environment, encodeTraces);
  const noted = slot<Noted>('trace');
  const logs = config.logs_endpoint === null ? undefined : tellLogs(config.logs_endpoint, config, environment);
  const header = config.http_response_header_for_traceid;
  if (config.traces_endpoint !== null) tellMissingSpans(environment);

  function begin(request: RequestView): Noted {
    const incoming = propagation.extract(request);
    return { incoming, ...beginTrace(incoming, tracing, rate) };
  }

  /** What another plugin decided counts, but where no spans are made there is nothing to decide. */
  const isSampled = (exchange: AccessExchange | LogExchange, trace: Trace): boolean =>
    tracing.isOn && (exchange.tracing.isSampled ?? trace.isSampled);

  function access(exchange: AccessExchange): void {
    const trace = begin(exchange.request);
    exchange.shared.set(noted, trace);
    const { traceId, told, incoming } = trace;
    propagation.inject(exchange, { traceId, ...told, isSampled: isSampled(exchange, trace) }, incoming);
    logs?.note(exchange.request, trace, () => resourceOf(exchange.request));
  }

  function log(exchange: LogExchange): void {
    logs?.forget(exchange.request);
    if (spans === undefined) return;
    const trace = exchange.shared.get(noted) ?? begin(exchange.request);
    if (!isSampled(exchange, trace)) return;
    const resource = resourceOf(exchange.request);
    for (const item of spansOf(exchange, trace, tracing, environment.clock.now())) spans.push({ resource, item });
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

/** Better than a collector that waits for nothing. */
function tellMissingSpans({ node: { tracing }, log }: Environment): void {
  if (tracing.isOn) return;
  log.warn(
    'no spans are made, and traces are passed on as not sampled: the property tracing_instrumentations ' +
      '(KONG_TRACING_INSTRUMENTATIONS) is off; all switches them on',
  );
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
