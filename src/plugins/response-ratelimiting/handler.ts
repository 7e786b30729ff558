// response-ratelimiting at work. The upstream says in a response header what it used; that is counted, and once a limit is
// used up an answer that wants more is replaced by 429. The surprise: the upstream has done its work by then.
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type HeaderExchange,
  type Phases,
  type PluginConfig,
  slot,
  type Wanted,
} from '../../pdk/index.ts';
import { createTrouble } from '../shared/trouble.ts';
import { keyOf, keyPrefix, limitsOf, type PeriodLimit } from './limits.ts';
import { metersOf } from './meters.ts';
import type { schema } from './schema.ts';
import { readUsed } from './used.ts';

type Config = PluginConfig<typeof schema>;

/** Counters of one request, in the order of all limits and their periods. */
interface Usage {
  readonly keys: readonly string[];
  /** Before this request used anything. */
  readonly remaining: number[];
  /** What the upstream says. */
  used?: ReadonlyMap<string, number>;
  isExceeded: boolean;
}

const UNAVAILABLE = error(500);

export function create(config: Config, environment: Environment): Phases {
  const meters = metersOf(config, environment);
  const { clock, log } = environment;
  const limits = limitsOf(config);
  const all = limits.flatMap(({ periods }) => periods);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const headerName = config.header_name ?? 'x-kong-limit';
  const trouble = createTrouble(log, clock);
  const usageOf = slot<Usage>('response-ratelimiting: what was left before');

  function judge(exchange: AccessExchange, keys: readonly string[], counts: readonly number[]): Answer | undefined {
    const remaining: number[] = [];
    for (const { name, remainingHeader, periods } of limits) {
      let least = Number.POSITIVE_INFINITY;
      for (const { limit } of periods) {
        const left = limit - counts[remaining.length]!;
        if (left < least) least = left;
        remaining.push(left);
      }
      if (config.block_on_first_violation && least <= 0) return error(429, `API rate limit exceeded for '${name}'`);
      exchange.upstream.setHeader(remainingHeader, String(Math.max(0, least)));
    }
    exchange.shared.set(usageOf, { keys, remaining, isExceeded: false });
    return undefined;
  }

  const unreachable = (problem: unknown): Answer | undefined => {
    trouble('failed to get usage', problem);
    return config.fault_tolerant ? undefined : UNAVAILABLE;
  };

  return {
    access(exchange) {
      const start = prefix + identifier(exchange);
      const now = clock.now();
      const keys = all.map((limit) => keyOf(limit, start, now));
      const counts = meters.read(keys);
      if (isPromise<readonly number[]>(counts)) {
        return counts.then((values) => judge(exchange, keys, values)).catch(unreachable);
      }
      return judge(exchange, keys, counts as readonly number[]);
    },
    needs_response({ response, shared }) {
      return shared.get(usageOf) !== undefined && response.header(headerName) !== undefined ? 'head' : false;
    },
    response({ response, shared }) {
      const usage = shared.get(usageOf);
      if (usage === undefined) return undefined;
      const used = readUsed(response.headerValues(headerName));
      const wanted = all.flatMap((limit, index): Wanted[] => {
        const amount = used.get(limit.name);
        return amount === undefined
          ? []
          : [{ key: usage.keys[index]!, limit: limit.limit, seconds: limit.seconds, amount }];
      });
      if (wanted.length === 0) return undefined;
      const settle = (counts: readonly number[]): undefined => {
        usage.used = used;
        // Whatever else was used in the meantime is known now.
        for (const [index, { key, limit }] of wanted.entries()) {
          usage.remaining[usage.keys.indexOf(key)] = limit - counts[index]!;
          if (counts[index]! >= limit) usage.isExceeded = true;
        }
      };
      const counts = meters.take(wanted);
      if (!isPromise<readonly number[]>(counts)) return settle(counts as readonly number[]);
      return counts.then(settle).catch((problem: unknown) => {
        trouble('failed to count', problem);
        if (config.fault_tolerant) usage.used = used;
        else return UNAVAILABLE;
      });
    },
    header_filter({ response, shared }) {
      response.removeHeader(headerName);
      const usage = shared.get(usageOf);
      if (usage === undefined) return;
      if (!config.hide_client_headers) showLimits(response, all, usage);
      if (!usage.isExceeded) return;
      response.status = 429;
      response.replaceBody('');
    },
    close: () => meters.close(),
  };
}

function showLimits(response: HeaderExchange['response'], all: readonly PeriodLimit[], usage: Usage): void {
  for (let index = 0; index < all.length; index++) {
    const limit = all[index]!;
    const left = usage.remaining[index]! - (usage.used?.get(limit.name) ?? 0);
    response.setHeader(limit.limitHeader, limit.limitText);
    response.setHeader(limit.remainingHeader, String(Math.max(0, left)));
  }
}

function identifierOf({ limit_by }: Config): (exchange: AccessExchange) => string {
  const credentialId = ({ client }: AccessExchange): string => {
    const id = client.credential?.['id'];
    return typeof id === 'string' ? id : client.ip;
  };
  if (limit_by === 'ip') return ({ client }) => client.ip;
  if (limit_by === 'credential') return credentialId;
  return (exchange) => exchange.client.consumer?.id ?? credentialId(exchange);
}
