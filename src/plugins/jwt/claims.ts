// Judges the times in a token. Everything that is wrong is told at once, by claim.
import type { Json, JsonObject } from '../../lib/json.ts';

export interface ClaimRules {
  readonly verify: readonly ('exp' | 'nbf')[];
  /** Seconds; 0 for no limit. */
  readonly maximumExpiration: number;
}

/** Undefined when nothing is wrong. @param now seconds since the epoch */
export function judgeClaims(
  claims: JsonObject,
  { verify, maximumExpiration }: ClaimRules,
  now: number,
): JsonObject | undefined {
  const wrong: JsonObject = {};
  let isWrong = false;
  for (const name of verify) {
    const fault = judge(name, claimOf(claims, name), now);
    if (fault === undefined) continue;
    wrong[name] = fault;
    isWrong = true;
  }
  if (isWrong) return wrong;
  if (maximumExpiration <= 0) return undefined;
  const expiry = claimOf(claims, 'exp');
  return typeof expiry === 'number' && expiry - now <= maximumExpiration
    ? undefined
    : { exp: 'exceeds maximum allowed expiration' };
}

export const claimOf = (claims: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

function judge(name: 'exp' | 'nbf', value: Json | undefined, now: number): string | undefined {
  if (typeof value !== 'number') return 'must be a number';
  if (name === 'exp') return value <= now ? 'token expired' : undefined;
  return value > now ? 'token not valid yet' : undefined;
}
