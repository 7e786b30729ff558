// What could not be written: told at once, and then at most once a minute with the number of all that was lost since.

const REPORT_MS = 60_000;

export class Losses {
  readonly #tell: (reason: string, lost: number) => void;
  #lost = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(tell: (reason: string, lost: number) => void) {
    this.#tell = tell;
  }

  add(count: number, reason: string): void {
    this.#lost += count;
    const now = performance.now();
    if (now - this.#toldAt < REPORT_MS) return;
    this.#toldAt = now;
    this.#tell(reason, this.#lost);
    this.#lost = 0;
  }
}
