// response-ratelimiting at work. The upstream says in a response header what it used; that is counted, and once a limit is
// used up an answer that wants more is replaced by 429. The surprise: the upstream has done its work by then.
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Addition,
  type Answer,
  type Environment,
  error,
  type HeaderExchange,
  type Phases,
  type PluginConfig,
  slot,
} from '../../pdk/index.ts';
import { createTrouble } from '../shared/trouble.ts';
import { keyOf, keyPrefix, limitsOf, type PeriodLimit } from './limits.ts';
import { type Meters, metersOf } from './meters.ts';
import type { schema } from './schema.ts';
import { readUsed } from './used.ts';

type Config = PluginConfig<typeof schema>;

/** Counters of one request, in the order of all limits and their periods. */
interface Usage {
  readonly keys: readonly string[];
  readonly remaining: readonly number[];
}

const UNAVAILABLE = error(500);

export function create(config: Config, environment: Environment): Phases {
  const meters = metersOf(config, environment);
  const { clock, log } = environment;
  const limits = limitsOf(config);
  const all = limits.flatMap(({ periods }) => periods);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const trouble = createTrouble(log, clock);
  const usageOf = slot<Usage>('response-ratelimiting: what was left before');

  function judge(exchange: AccessExchange, keys: readonly string[], counts: readonly number[]): Answer | undefined {
    const remaining = all.map(({ limit }, index) => limit - counts[index]!);
    let index = 0;
    for (const { name, remainingHeader, periods } of limits) {
      const least = Math.min(...remaining.slice(index, index + periods.length));
      index += periods.length;
      if (config.block_on_first_violation && least <= 0) return error(429, `API rate limit exceeded for '${name}'`);
      exchange.upstream.setHeader(remainingHeader, String(Math.max(0, least)));
    }
    exchange.shared.set(usageOf, { keys, remaining });
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
    header_filter: settle(config, all, meters, usageOf),
    close: () => meters.close(),
  };
}

/** Counts what was used, and shows what is left – or replaces the answer. */
function settle(
  config: Config,
  all: readonly PeriodLimit[],
  meters: Meters,
  usageOf: ReturnType<typeof slot<Usage>>,
): NonNullable<Phases['header_filter']> {
  const headerName = config.header_name ?? 'x-kong-limit';
  const showsHeaders = !config.hide_client_headers;

  return ({ response, shared }: HeaderExchange) => {
    const usage = shared.get(usageOf);
    if (usage === undefined) return;
    const used = readUsed(response.headerValues(headerName));
    response.removeHeader(headerName);
    const remaining = freshRemaining(usage, all, meters);
    const additions: Addition[] = [];
    let isExceeded = false;
    for (const [index, limit] of all.entries()) {
      const amount = used.get(limit.name) ?? 0;
      const left = remaining[index]!;
      if (showsHeaders) {
        response.setHeader(limit.limitHeader, String(limit.limit));
        response.setHeader(limit.remainingHeader, String(Math.max(0, left - amount)));
      }
      if (amount === 0) continue;
      if (left <= 0) isExceeded = true;
      additions.push({ key: usage.keys[index]!, amount, seconds: limit.seconds });
    }
    if (isExceeded) {
      response.status = 429;
      response.replaceBody('');
    } else if (additions.length > 0) meters.add(additions);
  };
}

/** What other requests used in the meantime counts too, where that can be told without waiting. */
function freshRemaining(usage: Usage, all: readonly PeriodLimit[], meters: Meters): readonly number[] {
  if (meters.waits) return usage.remaining;
  const counts = meters.read(usage.keys) as readonly number[];
  return all.map(({ limit }, index) => limit - counts[index]!);
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
