// What plugins tell each other across the processes of a node. This process hears its own messages at once and hands them on;
// those of others come in by `receive` and are not handed on again.
import type { Json } from '../../lib/json.ts';

type Listener = (message: Json) => void;

export class NodeTopics {
  readonly #handOn: ((topic: string, message: Json) => void) | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(handOn: ((topic: string, message: Json) => void) | undefined) {
    this.#handOn = handOn;
  }

  publish(topic: string, message: Json): void {
    this.#handOn?.(topic, message);
    this.receive(topic, message);
  }

  receive(topic: string, message: Json): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(message);
  }

  /** @param listener never throws */
  subscribe(topic: string, listener: Listener): () => void {
    let listeners = this.#listeners.get(topic);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(topic, listeners);
    }
    const known = listeners;
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(topic) === known) this.#listeners.delete(topic);
    };
  }
}

/** Of one plugin instance: its subscriptions end with it, and what its listeners throw is told under its name. */
export class InstanceEvents {
  readonly #topics: NodeTopics;
  readonly #onError: (error: unknown) => void;
  readonly #ends = new Set<() => void>();
  #isClosed = false;

  constructor(topics: NodeTopics, onError: (error: unknown) => void) {
    this.#topics = topics;
    this.#onError = onError;
  }

  publish(topic: string, message: Json): void {
    this.#topics.publish(topic, message);
  }

  subscribe(topic: string, listener: Listener): () => void {
    if (this.#isClosed) return () => undefined;
    const end = this.#topics.subscribe(topic, (message) => {
      try {
        listener(message);
      } catch (error) {
        this.#onError(error);
      }
    });
    this.#ends.add(end);
    return () => {
      end();
      this.#ends.delete(end);
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}
