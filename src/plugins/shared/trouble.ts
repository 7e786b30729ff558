// Something that fails request after request is told at once and then at most once a minute.
import type { Clock, Log } from '../../pdk/index.ts';

const REPORT_MS = 60_000;

export function createTrouble(log: Log, clock: Clock): (what: string, problem: unknown) => void {
  let times = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (what, problem) => {
    times += 1;
    const now = clock.now();
    if (now - toldAt < REPORT_MS) return;
    toldAt = now;
    log.error(`${what}: ${problem instanceof Error ? problem.message : String(problem)}`, { times });
    times = 0;
  };
}
