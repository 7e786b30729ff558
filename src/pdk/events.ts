// What plugins tell each other across the processes that serve for this node.
import type { Json } from '../lib/json.ts';

export interface NodeEvents {
  /** To all who listen to the topic in any process of this node, this one included; whoever comes later does not hear of it. */
  publish(topic: string, message: Json): void;
  /** Until what it answers is called, or the instance is gone. */
  subscribe(topic: string, listener: (message: Json) => void): () => void;
}
