// Cache-Control of either side, and what it means for an answer that is stored. Unknown directives are ignored; an amount
// that is no whole number counts as none.

export type Directives = ReadonlyMap<string, number | true>;

const AMOUNT = /^"?(\d{1,10})"?$/;

/** Lower-case names; a directive without an amount is true. */
export function readCacheControl(lines: readonly string[]): Directives {
  const directives = new Map<string, number | true>();
  for (const line of lines) {
    for (const part of line.split(',')) {
      const equals = part.indexOf('=');
      const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
      if (name === '') continue;
      const amount = equals < 0 ? undefined : AMOUNT.exec(part.slice(equals + 1).trim())?.[1];
      directives.set(name, amount === undefined ? true : Number(amount));
    }
  }
  return directives;
}

export const mayNotBeAsked = (request: Directives): boolean => request.has('no-store') || request.has('no-cache');

export const mayNotBeStored = (response: Directives): boolean =>
  response.has('no-store') || response.has('no-cache') || response.has('private');

/** Seconds for which an answer is fresh: s-maxage, else max-age, else until `Expires`; 0 when nothing says so. */
export function freshSeconds(response: Directives, expires: string | undefined, nowMs: number): number {
  for (const name of ['s-maxage', 'max-age']) {
    const amount = response.get(name);
    if (amount !== undefined) return amount === true ? 0 : amount;
  }
  const until = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isNaN(until) ? 0 : Math.max(0, Math.floor((until - nowMs) / 1000));
}

/**
 * May an answer of this age be sent to a client that asks with these directives? Seconds, both. A client counts in whole
 * seconds, as `Age` tells them.
 */
export function isFreshEnough(request: Directives, age: number, ttl: number): boolean {
  const amount = (name: string): number | undefined => {
    const value = request.get(name);
    return value === true ? undefined : value;
  };
  const told = Math.floor(age);
  if (told > (amount('max-age') ?? Number.POSITIVE_INFINITY)) return false;
  if (ttl - told < (amount('min-fresh') ?? Number.NEGATIVE_INFINITY)) return false;
  if (age <= ttl) return true;
  if (!request.has('max-stale')) return false;
  return told - ttl <= (amount('max-stale') ?? Number.POSITIVE_INFINITY);
}
