// `tracing_instrumentations` and `tracing_sampling_rate`: which kinds of spans this node makes, and of how many requests.
import { INSTRUMENTATIONS, type Instrumentation } from '../schema/typedefs.ts';

export interface TracingSettings {
  readonly samplingRate: number;
  /** Is any kind switched on? */
  readonly isOn: boolean;
  has(instrumentation: Instrumentation): boolean;
}

/** `all` counts beside other words, too. */
export function tracingSettings(words: readonly (Instrumentation | 'all' | 'off')[], rate: number): TracingSettings {
  const on = new Set<string>(words.includes('all') ? INSTRUMENTATIONS : words.filter((word) => word !== 'off'));
  return { samplingRate: rate, isOn: on.size > 0, has: (instrumentation) => on.has(instrumentation) };
}
