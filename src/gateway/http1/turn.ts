// A turn of the event loop: what is put off to its end, by one immediate for all, and its time, which is read once. All that
// a turn handles was waiting when it began, so one reading serves for it; whoever let others work in between reads anew.

const jobs: (() => void)[] = [];

/** After everything that this turn has to read. What the jobs themselves put off follows in the same turn. */
export function atEndOfTurn(job: () => void): void {
  if (jobs.push(job) === 1) setImmediate(runJobs);
}

/** For who is about to take long: what others have put off does not wait for that. */
export function endTurnEarly(): void {
  if (jobs.length > 0) runJobs();
}

function runJobs(): void {
  let done = 0;
  try {
    while (done < jobs.length) (jobs[done++] as () => void)();
  } finally {
    jobs.splice(0, done);
    if (jobs.length > 0) setImmediate(runJobs);
  }
}

let time = 0;
const forget = (): void => {
  time = 0;
};

/** Milliseconds since the epoch, as this turn has them. */
export function now(): number {
  if (time !== 0) return time;
  atEndOfTurn(forget);
  return (time = Date.now());
}

/** The same, read anew. */
export function readClock(): number {
  if (time === 0) return now();
  return (time = Date.now());
}
