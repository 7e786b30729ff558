// Whether an answer of the upstream may be stored, and for how long it is fresh then.
import type { Clock, PluginConfig, UpstreamAnswer } from '../../pdk/index.ts';
import { freshSeconds, mayNotBeStored, readCacheControl } from './cache-control.ts';
import { matchesOneOf } from './media-type.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

/** Seconds; undefined for an answer that may not be stored. */
export function storageRule(config: Config, clock: Clock): (answer: UpstreamAnswer) => number | undefined {
  const statuses: ReadonlySet<number> = new Set(config.response_code);
  const isWanted = matchesOneOf(config.content_type);
  return (answer) => {
    if (!statuses.has(answer.status) || !isWanted(answer.header('content-type'))) return undefined;
    // A cookie is for the one who asked.
    if (answer.header('set-cookie') !== undefined) return undefined;
    if (!config.cache_control) return config.cache_ttl ?? 300;
    const directives = readCacheControl(answer.headerValues('cache-control'));
    if (mayNotBeStored(directives) || variesByEverything(answer)) return undefined;
    const ttl = freshSeconds(directives, answer.header('expires'), clock.now());
    return ttl > 0 ? ttl : undefined;
  };
}

const variesByEverything = (answer: UpstreamAnswer): boolean =>
  answer.headerValues('vary').some((line) => line.split(',').some((name) => name.trim() === '*'));
