// The calls of Kong whose result a custom field may be: those that read one thing of the request, the response or the client,
// with at most one text between the parentheses. A connection that is no HTTP has only the client; the rest of it is nil.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import type { Json } from '../../lib/json.ts';
import type { LogExchange } from '../../pdk/index.ts';

/** What there is to read when the record is made. */
export interface Readable {
  readonly request?: LogExchange['request'];
  readonly response?: LogExchange['response'];
  readonly client?: Pick<LogExchange['client'], 'ip' | 'port' | 'peerIp'>;
}

export type Read = (exchange: Readable) => Json | undefined;

const textOf = (bytes: string | undefined): string | undefined =>
  bytes === undefined ? undefined : bytesToUtf8(bytes);

const READS: Readonly<Record<string, Read | undefined>> = {
  'request.get_id': ({ request }) => request?.id,
  'request.get_method': ({ request }) => request?.method,
  'request.get_scheme': ({ request }) => request?.scheme,
  'request.get_host': ({ request }) => request?.host,
  'request.get_port': ({ request }) => request?.port,
  'request.get_http_version': ({ request }) => request?.httpVersion,
  'request.get_path': ({ request }) => request?.path,
  'request.get_raw_path': ({ request }) => request?.rawPath,
  'request.get_path_with_query': ({ request }) => request?.target,
  'request.get_raw_query': ({ request }) => request?.rawQuery,
  'request.get_start_time': ({ request }) => request?.startedAt,
  'request.get_forwarded_scheme': ({ request }) => request?.forwarded.scheme,
  'request.get_forwarded_host': ({ request }) => request?.forwarded.host,
  'request.get_forwarded_port': ({ request }) => request?.forwarded.port,
  'request.get_forwarded_path': ({ request }) => request?.forwarded.path,
  'response.get_status': ({ response }) => response?.status,
  'response.get_source': ({ response }) => response?.source,
  'client.get_ip': ({ client }) => client?.peerIp,
  'client.get_forwarded_ip': ({ client }) => client?.ip,
  'client.get_port': ({ client }) => client?.port,
};

const NAMED_READS: Readonly<Record<string, ((name: string) => Read) | undefined>> = {
  'request.get_header':
    (name) =>
    ({ request }) =>
      textOf(request?.header(name)),
  'request.get_query_arg':
    (name) =>
    ({ request }) =>
      new Map(Object.entries(request?.query() ?? {}).map(([key, value]) => [key, [value].flat()[0]])).get(name),
  'response.get_header':
    (name) =>
    ({ response }) =>
      textOf(response?.header(name)),
};

const CALL = /^kong\.([a-z_.]{1,40})\s{0,9}\(([^()]{0,200})\)$/;

/** @param textIn reads a quoted text. Undefined for what is no such call. */
export function readOfCall(expression: string, textIn: (quoted: string) => string | undefined): Read | undefined {
  const [, name, between = ''] = CALL.exec(expression) ?? [];
  if (name === undefined) return undefined;
  const argument = between.trim();
  if (argument === '') return Object.hasOwn(READS, name) ? READS[name] : undefined;
  const text = textIn(argument);
  return text === undefined || !Object.hasOwn(NAMED_READS, name) ? undefined : NAMED_READS[name]?.(text);
}
