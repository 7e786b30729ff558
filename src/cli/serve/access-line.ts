// One line of the access log: JSON, or a text in which nginx's names of variables stand for facts of the request. What a
// client sent is escaped as nginx does it: quotes, backslashes and everything that is no printable ASCII as \xHH.
import type { AccessRecord } from '../../gateway/core.ts';
import { GwctlError } from '../../lib/errors.ts';

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

const NAMED: Readonly<Record<string, string>> = {
  combined: COMBINED,
  kong: `${COMBINED} kong_request_id: "$kong_request_id"`,
};

const seconds = (ms: number): string => (ms < 0 ? '-' : (ms / 1000).toFixed(3));
const requestLine = ({ method, uri, request }: AccessRecord): string =>
  method === '' ? '' : `${method} ${uri} ${protocol(request)}`;
const PROTOCOLS = { 1: 'HTTP/1.0', 1.1: 'HTTP/1.1', 2: 'HTTP/2.0' } as const;
const protocol = (request: AccessRecord['request']): string => PROTOCOLS[request?.().httpVersion ?? 1.1];

const VARIABLES: Readonly<Record<string, (record: AccessRecord) => string>> = {
  remote_addr: (record) => record.client_ip,
  remote_user: (record) => record.consumer ?? '-',
  time_local: (record) => localTime(record.time),
  time_iso8601: (record) => new Date(record.time).toISOString(),
  msec: (record) => (record.time / 1000).toFixed(3),
  request: requestLine,
  server_protocol: (record) => protocol(record.request),
  request_method: (record) => record.method,
  request_uri: (record) => record.uri,
  host: (record) => record.host,
  status: (record) => String(record.status),
  body_bytes_sent: (record) => String(record.bytes_out),
  bytes_sent: (record) => String(record.bytes_out),
  request_length: (record) => String(record.bytes_in),
  request_time: (record) => seconds(record.latency),
  upstream_addr: (record) => record.upstream ?? '-',
  upstream_response_time: (record) => seconds(record.latency_upstream),
  request_id: (record) => record.request_id,
  kong_request_id: (record) => record.request_id,
  pid: () => String(process.pid),
};

/** @param format `json`, a named format, or a text with variables. */
export function accessLineOf(format: string): (record: AccessRecord) => string {
  if (format === 'json') return (record) => JSON.stringify(record);
  const template = NAMED[format] ?? format;
  if (!template.includes('$')) {
    throw new GwctlError('E_CONFIG', `access_log_format: '${format}' is no format`, {
      hint: 'Write json, combined, kong, or a text with variables such as $remote_addr.',
    });
  }
  const parts = template.split(/\$(?:\{([a-z0-9_]+)\}|([a-z0-9_]+))/);
  const texts: (string | ((record: AccessRecord) => string))[] = [];
  for (let i = 0; i < parts.length; i += 3) {
    texts.push(parts[i]!);
    const name = parts[i + 1] ?? parts[i + 2];
    if (name !== undefined) texts.push(readerOf(name));
  }
  return (record) => {
    let line = '';
    for (const part of texts) line += typeof part === 'string' ? part : escaped(part(record));
    return line;
  };
}

function readerOf(name: string): (record: AccessRecord) => string {
  if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name]!;
  if (name.startsWith('http_')) {
    const header = name.slice(5).replaceAll('_', '-');
    return (record) => record.request?.().headers.get(header) ?? '-';
  }
  throw new GwctlError('E_CONFIG', `access_log_format: unknown variable $${name}`, {
    hint: `Known variables: ${Object.keys(VARIABLES).join(', ')}, and http_NAME for a header of the request.`,
  });
}

const escaped = (text: string): string =>
  /^[ !#-[\]-~]*$/.test(text)
    ? text
    : text.replace(/[^ !#-[\]-~]/g, (character) =>
        [...Buffer.from(character, 'latin1')]
          .map((byte) => `\\x${byte.toString(16).padStart(2, '0').toUpperCase()}`)
          .join(''),
      );

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

function localTime(ms: number): string {
  const time = new Date(ms);
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const date = `${two(time.getDate())}/${MONTHS[time.getMonth()]}/${time.getFullYear()}`;
  return `${date}:${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`;
}
