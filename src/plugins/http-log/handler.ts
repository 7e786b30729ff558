// http-log at work. The record becomes text when the request ends; the queue holds texts and knows nothing of requests.
import type { Environment, LoggedExchange, Phases, PluginConfig } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import { tellFormerFields } from '../shared/former-queue-fields.ts';
import { queueLimits } from '../shared/queue-limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const { network, openQueue } = environment;
  tellFormerFields('http-log', config, environment);
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const { url, place, authorization } = readEndpoint(config.http_endpoint);
  const limits = queueLimits(config);
  const isList = limits.maxBatchSize > 1;
  const headers = {
    'Content-Type': config.content_type ?? 'application/json',
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...config.headers,
  };
  const queue = openQueue<string>({
    // Instances with the same destination send together.
    name: [config.http_endpoint, config.method, config.content_type, config.timeout, config.keepalive].join(' '),
    limits,
    sizeOf: (record) => Buffer.byteLength(record),
    async send(records) {
      const answer = await network.http({
        url,
        method: config.method ?? 'POST',
        headers,
        body: isList || records.length > 1 ? `[${records.join(',')}]` : records[0]!,
        timeoutMs: config.timeout ?? 10_000,
        keepAliveMs: config.keepalive ?? 60_000,
        verify: false,
      });
      if (answer.status < 300) return;
      throw new Error(`request to ${place} returned status code ${answer.status} and body ${shorten(answer.text)}`);
    },
  });
  const send = (exchange: LoggedExchange): void => {
    setCustomFields(exchange);
    queue.push(exchange.logText());
  };
  return {
    log: send,
    stream_log: send,
    close: () => queue.close(),
  };
}

interface Endpoint {
  /** Without user and fragment. */
  readonly url: string;
  /** host:port, for messages. */
  readonly place: string;
  readonly authorization: string | undefined;
}

function readEndpoint(text: string): Endpoint {
  const { protocol, host, hostname, port, pathname, search, username, password } = new URL(text);
  const user = `${decoded(username)}:${decoded(password)}`;
  return {
    url: `${protocol}//${host}${pathname}${search}`,
    place: `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`,
    authorization: username === '' && password === '' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
