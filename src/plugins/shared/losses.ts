// Records that could not be sent and are not sent again: told at once and then at most once a minute, with their number.
import type { Clock, Log } from '../../pdk/index.ts';

const REPORT_MS = 60_000;

/** Takes the reason of each loss. */
export function createLossReport(log: Log, clock: Clock): (error: unknown) => void {
  let lost = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    lost += 1;
    const now = clock.now();
    if (now - toldAt < REPORT_MS) return;
    toldAt = now;
    log.error(`${error instanceof Error ? error.message : String(error)}; ${lost} log records lost`);
    lost = 0;
  };
}
