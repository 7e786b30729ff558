// From when until when what an authority says is to be believed.

/** Clocks of authorities may be ahead of ours. */
const MAX_AHEAD_MS = 5 * 60_000;
/** What names no end could be told for ever. */
const MAX_AGE_MS = 24 * 3_600_000;

/** Milliseconds since the epoch; throws when it is not to be believed now. */
export function saidUntil(thisUpdate: number, nextUpdate: number | undefined, now: number): number {
  const until = nextUpdate ?? thisUpdate + MAX_AGE_MS;
  if (thisUpdate > now + MAX_AHEAD_MS) throw new Error('it is from the future');
  if (until <= now) throw new Error('it has expired');
  return until;
}
