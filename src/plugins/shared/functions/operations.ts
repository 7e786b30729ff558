// What the `kong` of chunks can do, phase by phase: a table of operations on the exchange. Values come as JSON; what is not
// of the right type is told to the chunk as an error of its own.
import { isForbiddenKey, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import {
  type Answer,
  type CertificateExchange,
  type Environment,
  error,
  exit,
  type HeaderExchange,
  type LogExchange,
  type LogMode,
  type RewriteExchange,
  slot,
} from '../../../pdk/index.ts';
import { firstArgument, REQUEST_READS } from '../request-reads.ts';
import { templateValues } from '../template-values.ts';

export type Phase = 'certificate' | 'rewrite' | 'access' | 'header_filter' | 'body_filter' | 'log';

/** One run of the chunks of a phase. Members that a phase does not have are absent. */
export interface Call {
  readonly phase: Phase;
  readonly exchange: Pick<LogExchange, 'request' | 'client' | 'shared' | 'route' | 'service' | 'setLogValue'>;
  /** Of a handshake there is nothing but the connection. */
  readonly connection: CertificateExchange['client'] | undefined;
  readonly early: RewriteExchange | undefined;
  readonly head: HeaderExchange['response'] | undefined;
  readonly seen: Pick<LogExchange['response'], 'source' | 'status' | 'header' | 'headers'> | undefined;
  readonly environment: Environment;
  /** This instance's own values in this request. */
  readonly own: Map<string, Json>;
  requestBody: string | undefined;
  responseBody: string | undefined;
  newBody: string | undefined;
  answer: Answer | undefined;
}

type Operation = (call: Call, values: readonly Json[]) => Json | undefined;

/** A mistake of the chunk. */
class Misuse extends Error {}

const text = (value: Json | undefined, what: string): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Misuse(`${what} must be a string`);
};
const whole = (value: Json | undefined, low: number, high: number, what: string): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw new Misuse(`${what} must be an integer from ${low} to ${high}`);
};
const lines = (value: Json | undefined): string | string[] =>
  Array.isArray(value) ? value.map((item) => text(item, 'a header value')) : text(value, 'a header value');

const logMode = (options: Json | undefined): LogMode => {
  const mode = isObject(options) ? options['mode'] : undefined;
  if (mode === undefined || mode === 'set' || mode === 'add' || mode === 'replace') return mode ?? 'set';
  throw new Misuse('the mode must be set, add or replace');
};
const early = ({ early, phase }: Call): RewriteExchange => {
  if (early === undefined) throw new Misuse(`not available in ${phase}`);
  return early;
};
const headers = ({ early, head, phase }: Call) => {
  const response = early?.response ?? head;
  if (response === undefined) throw new Misuse(`not available in ${phase}`);
  return response;
};
const seen = ({ seen, phase }: Call) => {
  if (seen === undefined) throw new Misuse(`not available in ${phase}`);
  return seen;
};

function answerWith(call: Call, answer: Answer): undefined {
  if (call.early !== undefined) call.answer = answer;
  else if (call.head !== undefined) {
    call.head.status = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) call.head.setHeader(name, value);
    const { body } = answer;
    if (typeof body === 'object' && !(body instanceof Uint8Array)) {
      call.head.setHeader('Content-Type', 'application/json; charset=utf-8');
      call.head.replaceBody(JSON.stringify(body));
    } else call.head.replaceBody(body ?? '');
    call.answer = answer;
  } else throw new Misuse(`not available in ${call.phase}`);
  return undefined;
}

function answerHeaders(value: Json | undefined): Record<string, string | string[]> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new Misuse('headers must be an object');
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, lines(item)]));
}

const body = (value: Json | undefined): JsonObject | string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return JSON.stringify(value);
  return typeof value === 'object' ? value : String(value);
};

const MAX_SHARED = 1000;

/** What templates of other plugins see too. */
function sharedValues({ exchange }: Call): Map<string, Json> {
  const known = exchange.shared.get(templateValues);
  const values = known instanceof Map ? (known as Map<string, Json>) : new Map(known ?? []);
  if (known !== values) exchange.shared.set(templateValues, values);
  return values;
}

function put(values: Map<string, Json>, key: string, value: Json | undefined): undefined {
  if (value === undefined || value === null) values.delete(key);
  else if (values.size >= MAX_SHARED && !values.has(key)) throw new Misuse('too many values');
  else values.set(key, value);
  return undefined;
}

const log =
  (level: 'debug' | 'info' | 'warn' | 'error'): Operation =>
  ({ environment, exchange, phase }, values) => {
    const message = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('');
    environment.log[level](message, phase === 'certificate' ? undefined : { request_id: exchange.request.id });
    return undefined;
  };

const request =
  (read: (request: LogExchange['request'], values: readonly Json[]) => unknown): Operation =>
  ({ exchange }, values) =>
    read(exchange.request, values) as Json | undefined;

const change =
  (write: (exchange: RewriteExchange, values: readonly Json[]) => void): Operation =>
  (call, values) => {
    write(early(call), values);
    return undefined;
  };

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(Object.entries(REQUEST_READS).map(([name, read]) => [`request.${name}`, request(read)])),
  'request.get_query': request((view) => ({ ...view.query() })),
  'request.get_query_arg': request((view, [name]) => firstArgument(view, text(name, 'the name'))),
  'request.get_header': request((view, [name]) => view.header(text(name, 'the name'))),
  'request.get_headers': request((view) => ({ ...view.headers() })),
  'request.get_raw_body': ({ requestBody }) => requestBody,
  'request.get_uri_captures': request(({ captures }) =>
    captures === undefined ? undefined : { named: { ...captures.named }, unnamed: captures.unnamed },
  ),

  'service.set_target': change(({ upstream }, [host, port]) =>
    upstream.setTarget(text(host, 'the host'), whole(port, 1, 65_535, 'the port')),
  ),
  'service.request.set_method': change(({ upstream }, [method]) => {
    const name = text(method, 'the method');
    if (!/^[A-Z]{1,32}$/.test(name)) throw new Misuse('the method must be capital letters');
    upstream.setMethod(name);
  }),
  'service.request.set_path': change(({ upstream }, [path]) => {
    const value = text(path, 'the path');
    if (!value.startsWith('/') || /[\u0000-\u0020\u007f?#]/.test(value)) throw new Misuse('this is no path');
    upstream.setPath(value);
  }),
  'service.request.set_raw_query': change(({ upstream }, [query]) => {
    const value = text(query, 'the query');
    if (/[\u0000-\u0020\u007f#]/.test(value)) throw new Misuse('this is no query');
    upstream.setRawQuery(value);
  }),
  'service.request.set_header': change(({ upstream }, [name, value]) =>
    upstream.setHeader(text(name, 'the name'), lines(value)),
  ),
  'service.request.add_header': change(({ upstream }, [name, value]) =>
    upstream.addHeader(text(name, 'the name'), text(value, 'the value')),
  ),
  'service.request.clear_header': change(({ upstream }, [name]) => upstream.removeHeader(text(name, 'the name'))),
  'service.request.set_raw_body': change(({ upstream }, [value]) => upstream.setBody(text(value, 'the body'))),

  'response.exit': (call, [status, value, more]) =>
    answerWith(call, exit(whole(status, 200, 599, 'the status'), body(value), answerHeaders(more))),
  'response.error': (call, [status, message, more]) => {
    const value = message === undefined || message === null ? undefined : text(message, 'the message');
    return answerWith(call, error(whole(status, 400, 599, 'the status'), value, answerHeaders(more)));
  },
  'response.set_header': (call, [name, value]) => {
    headers(call).setHeader(text(name, 'the name'), lines(value));
    return undefined;
  },
  'response.add_header': (call, [name, value]) => {
    headers(call).addHeader(text(name, 'the name'), text(value, 'the value'));
    return undefined;
  },
  'response.clear_header': (call, [name]) => {
    headers(call).removeHeader(text(name, 'the name'));
    return undefined;
  },
  'response.get_status': (call) => seen(call).status,
  'response.set_status': (call, [status]) => {
    if (call.head === undefined) throw new Misuse(`not available in ${call.phase}`);
    call.head.status = whole(status, 200, 599, 'the status');
    return undefined;
  },
  'response.get_header': (call, [name]) => seen(call).header(text(name, 'the name')),
  'response.get_headers': (call) => ({ ...seen(call).headers() }),
  'response.get_source': (call) => seen(call).source,
  'response.get_raw_body': ({ phase, responseBody }) => {
    if (phase !== 'body_filter') throw new Misuse(`not available in ${phase}`);
    return responseBody;
  },
  'response.set_raw_body': (call, [value]) => {
    if (call.phase !== 'body_filter') throw new Misuse(`not available in ${call.phase}`);
    call.newBody = text(value, 'the body');
    return undefined;
  },

  'client.get_ip': ({ exchange, connection }) => (connection ?? exchange.client).peerIp,
  'client.get_forwarded_ip': ({ exchange, connection }) => connection?.peerIp ?? exchange.client.ip,
  'client.get_port': ({ exchange, connection }) => (connection ?? exchange.client).port,
  'client.get_consumer': ({ exchange }) => exchange.client.consumer as Json | undefined,
  'client.get_credential': ({ exchange }) => exchange.client.credential,
  'router.get_route': ({ exchange }) => exchange.route as Json | undefined,
  'router.get_service': ({ exchange }) => exchange.service as Json | undefined,
  'node.get_id': ({ environment }) => environment.node.id,
  'node.get_hostname': ({ environment }) => environment.node.hostname,
  'log.debug': log('debug'),
  'log.info': log('info'),
  'log.notice': log('info'),
  'log.warn': log('warn'),
  'log.err': log('error'),
  'log.set_serialize_value': ({ exchange }, [key, value, options]) => {
    exchange.setLogValue(text(key, 'the key'), value ?? undefined, logMode(options));
    return undefined;
  },
  'ctx.shared.get': (call, [key]) => sharedValues(call).get(text(key, 'the key')),
  'ctx.shared.set': (call, [key, value]) => put(sharedValues(call), keyOf(key), value),
  'ctx.plugin.get': ({ own }, [key]) => own.get(text(key, 'the key')),
  'ctx.plugin.set': ({ own }, [key, value]) => put(own, keyOf(key), value),
};

function keyOf(key: Json | undefined): string {
  const name = text(key, 'the key');
  if (isForbiddenKey(name)) throw new Misuse('this name cannot be used');
  return name;
}

/** What can be asked before there is a request. */
const IN_HANDSHAKE = /^(?:client\.get_(?:ip|forwarded_ip|port)|node\..*|log\.(?!set_).*|ctx\.plugin\..*)$/;

/** As the sandbox wants it: JSON, '' for nothing, `!` and the reason for a mistake. */
export function operate(call: Call, operation: string, argumentsText: string): string {
  const run = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (run === undefined) return `!kong.${operation} does not exist`;
  if (call.phase === 'certificate' && !IN_HANDSHAKE.test(operation))
    return `!kong.${operation}: not available in certificate`;
  try {
    const result = run(call, JSON.parse(argumentsText) as Json[]);
    return result === undefined ? '' : JSON.stringify(result);
  } catch (problem) {
    return `!kong.${operation}: ${problem instanceof Error ? problem.message : 'failed'}`;
  }
}

export const ownValues = (instance: string) => slot<Map<string, Json>>(`values of ${instance}`);
