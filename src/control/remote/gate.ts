// How many calls may be under way at once: as many as allowed, until the gateway says that it is too much. Then half as many,
// and one more again after a while without complaint.

export interface Gate {
  enter(): Promise<void>;
  /** @param outcome what the call met. */
  leave(outcome: 'good' | 'too-much'): void;
}

export function createGate(most: number): Gate {
  let limit = most;
  let inside = 0;
  let good = 0;
  const waiting: (() => void)[] = [];
  const admit = (): void => {
    while (inside < limit && waiting.length > 0) {
      inside++;
      waiting.shift()!();
    }
  };
  return {
    enter() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        admit();
      });
    },
    leave(outcome) {
      inside--;
      if (outcome === 'too-much') {
        limit = Math.max(1, Math.floor(limit / 2));
        good = 0;
      } else if (++good >= limit * 4) {
        limit = Math.min(most, limit + 1);
        good = 0;
      }
      admit();
    },
  };
}
