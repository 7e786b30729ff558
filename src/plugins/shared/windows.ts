// Calendar windows in UTC: where the window that holds a moment begins and ends. A window is computed once and kept until
// the clock leaves it, so that a request costs two comparisons.
import type { Period } from './periods.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long counters live and resets are counted, in seconds. A month is 30 days here and a year 365, whatever the calendar says. */
export const PERIOD_SECONDS: Readonly<Record<Period, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  month: 2_592_000,
  year: 31_536_000,
};

export interface Window {
  /** Milliseconds since the epoch, both; the end is not part of it. */
  readonly start: number;
  readonly end: number;
}

/** The calendar window of that kind around a moment (milliseconds since the epoch). */
export function windowAt(period: Period, now: number): Window {
  switch (period) {
    case 'second':
      return aligned(now, SECOND);
    case 'minute':
      return aligned(now, MINUTE);
    case 'hour':
      return aligned(now, HOUR);
    case 'day':
      return aligned(now, DAY);
    case 'month': {
      const date = new Date(now);
      const year = date.getUTCFullYear();
      const month = date.getUTCMonth();
      return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
    }
    case 'year': {
      const year = new Date(now).getUTCFullYear();
      return { start: Date.UTC(year, 0), end: Date.UTC(year + 1, 0) };
    }
  }
}

const aligned = (now: number, length: number): Window => {
  const start = now - (now % length);
  return { start, end: start + length };
};

/** Whole seconds until a client may try again; at least one. */
export const secondsToReset = (period: Period, start: number, now: number): number =>
  Math.max(1, PERIOD_SECONDS[period] - Math.floor((now - start) / SECOND));
