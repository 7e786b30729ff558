// key-auth at work. The common request – a key in a header, nothing to hide – is one header read and two look-ups; the body
// is read only when the configuration asks for it and its type can hold a key.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { withoutArgument } from '../../lib/form-arguments.ts';
import {
  type AccessExchange,
  type Answer,
  challenge,
  type Environment,
  error,
  hasExpired,
  ownerOf,
  type Phases,
  type PluginConfig,
  type Step,
  withAnonymous,
} from '../../pdk/index.ts';
import { type BodyFields, DUPLICATE, type Found, hasFields, inQuery, readBodyFields } from '../shared/body-fields.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const authenticate = withAnonymous(keyCheck(config, environment), config.anonymous, environment);
  if (config.run_on_preflight) return { access: authenticate };
  return { access: (exchange) => (exchange.request.method === 'OPTIONS' ? undefined : authenticate(exchange)) };
}

/** What one request still has to look at: names from `next` on, the body once it has been read. */
interface Search {
  next: number;
  body: BodyFields | undefined;
  isBodyRead: boolean;
}

/** One header is the key, also an empty one. */
const inHeader = (values: readonly string[]): Found => (values.length > 1 ? DUPLICATE : values[0]);

const NEEDS_BODY: unique symbol = Symbol('the body has to be read first');

function keyCheck(config: Config, environment: Environment): (exchange: AccessExchange) => Step {
  const { entities, clock, log } = environment;
  const names = config.key_names;
  const { key_in_header, key_in_query, key_in_body, hide_credentials } = config;
  const isPlain = key_in_header && !hide_credentials;
  const firstName = names[0];

  const headers = { 'WWW-Authenticate': challenge('Key', config.realm) };
  const noKey = error(401, 'No API key found in request', headers);
  const duplicate = error(401, 'Duplicate API key found', headers);
  const unknown = error(401, 'Unauthorized', headers);
  const broken = error(500);

  function verify(exchange: AccessExchange, key: string): Answer | undefined {
    if (key === '') return noKey;
    const credential = entities.find('keyauth_credentials', 'key', bytesToUtf8(key));
    if (credential === undefined || hasExpired(credential, clock.now())) return unknown;
    const consumer = ownerOf(credential, environment);
    if (consumer === undefined) {
      log.error('the consumer of an API key does not exist', { credential: credential.id });
      return broken;
    }
    exchange.client.authenticate(consumer, credential, credential.id);
    return undefined;
  }

  function hide(exchange: AccessExchange, name: string, body: BodyFields | undefined): void {
    const { request, upstream } = exchange;
    const query = request.rawQuery;
    const rest = query === '' ? query : withoutArgument(query, name);
    if (rest !== query) upstream.setRawQuery(rest);
    upstream.removeHeader(name);
    const without = body?.without(name);
    if (without !== undefined) upstream.setBody(without);
  }

  /** Goes through the names; stops where the body is needed and has not been read. */
  function search({ request }: AccessExchange, state: Search): Found | typeof NEEDS_BODY {
    for (; state.next < names.length; state.next++) {
      const name = names[state.next]!;
      let found: Found = key_in_header ? inHeader(request.headerValues(name)) : undefined;
      if (found === undefined && key_in_query) found = inQuery(request.rawQuery, name);
      if (found === undefined && key_in_body) {
        if (!state.isBodyRead && hasFields(request.header('content-type'))) return NEEDS_BODY;
        found = state.body?.find(name);
      }
      if (typeof found === 'string') return needsBodyToHide(request, state) ? NEEDS_BODY : found;
      if (found === DUPLICATE) return found;
    }
    return undefined;
  }

  const needsBodyToHide = (request: AccessExchange['request'], state: Search): boolean =>
    hide_credentials && key_in_body && !state.isBodyRead && hasFields(request.header('content-type'));

  function judge(exchange: AccessExchange, state: Search, found: Found): Answer | undefined {
    if (found === DUPLICATE) return duplicate;
    if (typeof found !== 'string') return noKey;
    if (hide_credentials) hide(exchange, names[state.next]!, state.body);
    return verify(exchange, found);
  }

  async function withBody(exchange: AccessExchange, state: Search): Promise<Answer | undefined> {
    const { request } = exchange;
    const bytes = await request.body();
    state.isBodyRead = true;
    state.body = bytes === undefined ? undefined : readBodyFields(request.header('content-type') ?? '', bytes);
    if (state.body === undefined) log.info('the request body cannot be searched for a key', { request_id: request.id });
    const found = search(exchange, state);
    return judge(exchange, state, found as Found);
  }

  return (exchange) => {
    if (isPlain && firstName !== undefined) {
      const values = exchange.request.headerValues(firstName);
      if (values.length === 1) return verify(exchange, values[0]!);
    }
    const state: Search = { next: 0, body: undefined, isBodyRead: false };
    const found = search(exchange, state);
    return found === NEEDS_BODY ? withBody(exchange, state) : judge(exchange, state, found);
  };
}
