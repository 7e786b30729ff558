// What a gateway needs to know of the other processes that serve for the same node.
import type { Json } from '../lib/json.ts';
import type { SharedCounters } from '../pdk/index.ts';
import type { SharedVerdict } from './balancer/registry.ts';

export interface SharedBetweenProcesses {
  /** Counters of the node; those of this process alone when absent, for it holds them. */
  readonly counters?: SharedCounters;
  /** Who probes the targets. */
  readonly probes: 'here' | 'elsewhere';
  /** Told of everything that counts for or against an address, unless another process said it. */
  onVerdict(verdict: SharedVerdict): void;
  /** Told of what plugins here tell those in the other processes. */
  onEvent?(topic: string, message: Json): void;
}
