// The calls of Kong whose result a custom field may be: those that read one thing of the request, the response or the client,
// with at most one text between the parentheses. A connection that is no HTTP has only the client; the rest of it is nil.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import type { Json } from '../../lib/json.ts';
import type { LogExchange } from '../../pdk/index.ts';
import { firstArgument, REQUEST_READS } from './request-reads.ts';

/** What there is to read when the record is made. */
export interface Readable {
  readonly request?: LogExchange['request'];
  readonly response?: LogExchange['response'];
  readonly client?: Pick<LogExchange['client'], 'ip' | 'port' | 'peerIp'>;
}

export type Read = (exchange: Readable) => Json | undefined;

const textOf = (bytes: string | undefined): string | undefined =>
  bytes === undefined ? undefined : bytesToUtf8(bytes);

const READS: Readonly<Record<string, Read>> = {
  ...Object.fromEntries(
    Object.entries(REQUEST_READS).map(([name, read]): [string, Read] => [
      `request.${name}`,
      ({ request }) => (request === undefined ? undefined : read(request)),
    ]),
  ),
  'response.get_status': ({ response }) => response?.status,
  'response.get_source': ({ response }) => response?.source,
  'client.get_ip': ({ client }) => client?.peerIp,
  'client.get_forwarded_ip': ({ client }) => client?.ip,
  'client.get_port': ({ client }) => client?.port,
};

const NAMED_READS: Readonly<Record<string, (exchange: Readable, name: string) => Json | undefined>> = {
  'request.get_header': ({ request }, name) => textOf(request?.header(name)),
  'request.get_query_arg': ({ request }, name) => (request === undefined ? undefined : firstArgument(request, name)),
  'response.get_header': ({ response }, name) => textOf(response?.header(name)),
};

const CALL = /^kong\.([a-z_.]{1,40})\s{0,9}\(([^()]{0,200})\)$/;

/** @param textIn reads a quoted text. Undefined for what is no such call. */
export function readOfCall(expression: string, textIn: (quoted: string) => string | undefined): Read | undefined {
  const [, name, between = ''] = CALL.exec(expression) ?? [];
  if (name === undefined) return undefined;
  const argument = between.trim();
  if (argument === '') return Object.hasOwn(READS, name) ? READS[name] : undefined;
  const text = textIn(argument);
  const read = Object.hasOwn(NAMED_READS, name) ? NAMED_READS[name] : undefined;
  return text === undefined || read === undefined ? undefined : (exchange) => read(exchange, text);
}
