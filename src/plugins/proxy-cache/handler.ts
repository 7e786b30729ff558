// proxy-cache at work: answers from memory what the upstream answered before. `X-Cache-Status` says how a request fared:
// Hit, Miss (now stored), Refresh (was too old, now stored anew) or Bypass (neither read nor stored).
import {
  type AccessExchange,
  type Answer,
  type BodyListener,
  type Environment,
  exit,
  type Phases,
  type PluginConfig,
  slot,
  type UpstreamAnswerExchange,
} from '../../pdk/index.ts';
import { type Directives, isFreshEnough, mayNotBeAsked, readCacheControl } from './cache-control.ts';
import { answerOf, type CacheEntry, cacheName, FORGET, sizeOf, storedHeaders } from './entry.ts';
import { keyMaker } from './key.ts';
import type { schema } from './schema.ts';
import { storageRule } from './storable.ts';

type Config = PluginConfig<typeof schema>;

/** A larger body is not stored. */
const MAX_BODY = 32 * 1024 * 1024;
const NONE: Directives = new Map();

export function create(config: Config, environment: Environment): Phases {
  const { clock } = environment;
  const zone = cacheName(config.memory.dictionary_name);
  const cache = environment.openCache<CacheEntry>(zone);
  environment.events.subscribe(FORGET, (message) => {
    const told = message as { zone: string; key: string | null };
    if (told.zone !== zone) return;
    if (told.key === null) cache.clear();
    else cache.delete(told.key);
  });
  const methods: ReadonlySet<string> = new Set(config.request_method);
  const keyOf = keyMaker(config);
  const ttlOf = storageRule(config, clock);
  const show = shownHeaders(config);
  const wanted = slot<string>('proxy-cache: the key to store the answer under');
  const obeys = config.cache_control;

  function look(exchange: AccessExchange, directives: Directives, body: Buffer | undefined): Answer | undefined {
    const key = keyOf(exchange, body);
    show(exchange, 'X-Cache-Key', key);
    const entry = cache.get(key);
    if (entry === undefined && directives.has('only-if-cached')) return exit(504);
    const age = entry === undefined ? 0 : Math.max(0, (clock.now() - entry.storedAt) / 1000);
    if (entry === undefined || !isFreshEnough(directives, age, entry.ttl)) {
      exchange.shared.set(wanted, key);
      show(exchange, 'X-Cache-Status', entry === undefined ? 'Miss' : 'Refresh');
      return undefined;
    }
    show(exchange, 'age', String(Math.floor(age)));
    show(exchange, 'X-Cache-Status', 'Hit');
    return answerOf(entry);
  }

  return {
    access(exchange) {
      const { request } = exchange;
      const directives = obeys ? readCacheControl(request.headerValues('cache-control')) : NONE;
      if (!methods.has(request.method) || mayNotBeAsked(directives) || isPersonal(exchange, obeys)) {
        return show(exchange, 'X-Cache-Status', 'Bypass');
      }
      const { framing } = request;
      if (!framing.isChunked && (framing.length ?? 0) === 0) return look(exchange, directives, undefined);
      return request.body().then((body) => {
        if (body === undefined) return show(exchange, 'X-Cache-Status', 'Bypass');
        return look(exchange, directives, body);
      });
    },
    upstream_answer(exchange) {
      const key = exchange.shared.get(wanted);
      if (key === undefined) return undefined;
      const ttl = ttlOf(exchange.answer);
      if (ttl !== undefined) return collect(exchange, (entry) => keep(key, entry), ttl, clock.now());
      show(exchange, 'X-Cache-Status', 'Bypass');
      return undefined;
    },
  };

  function keep(key: string, entry: CacheEntry): void {
    cache.set(key, entry, { bytes: sizeOf(entry), ttlSeconds: config.storage_ttl ?? entry.ttl });
  }
}

/** Only for the one who asked: nobody else may get the answer, and nothing tells callers apart whom the gateway does not know. */
const isPersonal = ({ request, client }: AccessExchange, obeysCacheControl: boolean): boolean =>
  request.header('authorization') !== undefined && (obeysCacheControl || client.consumer === undefined);

function collect(
  { answer }: UpstreamAnswerExchange,
  keep: (entry: CacheEntry) => void,
  ttl: number,
  storedAt: number,
): BodyListener | undefined {
  const { status, length } = answer;
  if (length !== undefined && length > MAX_BODY) return undefined;
  const headers = storedHeaders(answer.entries());
  let chunks: Buffer[] | undefined = [];
  let bytes = 0;
  return (chunk, last) => {
    if (chunks === undefined) return;
    bytes += chunk.length;
    if (bytes > MAX_BODY) {
      chunks = undefined;
      return;
    }
    // A chunk is lent: its memory is used again.
    if (chunk.length > 0) chunks.push(Buffer.from(chunk));
    if (last) keep({ status, headers, body: Buffer.concat(chunks), length, storedAt, ttl });
  };
}

type Shown = keyof Config['response_headers'];

/** Notes a header about the cache for the answer; one that is switched off goes to clients who ask for it with Kong-Debug. */
function shownHeaders(
  config: Config,
): (exchange: AccessExchange | UpstreamAnswerExchange, name: Shown, value: string) => undefined {
  const isOn = config.response_headers;
  return ({ request, response }, name, value) => {
    if (isOn[name] === true || request.header('kong-debug') !== undefined) {
      response.setHeader(name === 'age' ? 'Age' : name, value);
    }
    return undefined;
  };
}
