// Judges the times in a token. Everything that is wrong is told at once, by claim.
import type { Json, JsonObject } from '../../lib/json.ts';

export interface ClaimRules {
  readonly verify: readonly (keyof Times)[];
  /** Seconds; 0 for no limit. */
  readonly maximumExpiration: number;
}

/** Undefined where there is no number. */
export interface Times {
  readonly exp: number | undefined;
  readonly nbf: number | undefined;
}

export const timesOf = (claims: JsonObject): Times => ({
  exp: numberIn(claims, 'exp'),
  nbf: numberIn(claims, 'nbf'),
});

/** Undefined when nothing is wrong. @param now seconds since the epoch */
export function judgeTimes(
  times: Times,
  { verify, maximumExpiration }: ClaimRules,
  now: number,
): JsonObject | undefined {
  let wrong: JsonObject | undefined;
  for (const name of verify) {
    const fault = judge(name, times[name], now);
    if (fault !== undefined) (wrong ??= {})[name] = fault;
  }
  if (wrong !== undefined || maximumExpiration <= 0) return wrong;
  return times.exp !== undefined && times.exp - now <= maximumExpiration
    ? undefined
    : { exp: 'exceeds maximum allowed expiration' };
}

export const claimOf = (claims: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

function numberIn(claims: JsonObject, name: keyof Times): number | undefined {
  const value = claimOf(claims, name);
  return typeof value === 'number' ? value : undefined;
}

function judge(name: keyof Times, value: number | undefined, now: number): string | undefined {
  if (value === undefined) return 'must be a number';
  if (name === 'exp') return value <= now ? 'token expired' : undefined;
  return value > now ? 'token not valid yet' : undefined;
}
