// Lets plugins hear what the gateway logs. A listener that fails, or that logs while it listens, is not heard again for the
// same line: nothing can go round in circles.
import type { JsonObject } from '../../lib/json.ts';
import type { LogLevel } from '../../pdk/index.ts';
import type { GatewayEvents } from '../core.ts';

type Listener = (level: LogLevel, message: string, details: JsonObject | undefined) => void;

export class LogWatchers {
  readonly #listeners = new Set<Listener>();
  #isTelling = false;

  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The same events, heard by the listeners too. */
  watched(events: GatewayEvents): GatewayEvents {
    return {
      access: events.access,
      log: (level, message, details) => {
        events.log(level, message, details);
        if (this.#listeners.size > 0 && !this.#isTelling) this.#tell(level, message, details);
      },
    };
  }

  #tell(level: LogLevel, message: string, details: JsonObject | undefined): void {
    this.#isTelling = true;
    for (const listener of this.#listeners) {
      try {
        listener(level, message, details);
      } catch {
        // Who cannot listen misses a line; logging goes on.
      }
    }
    this.#isTelling = false;
  }
}
