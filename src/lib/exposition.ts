// What is measured, as families of samples, and their text. Counting is a matter of who measures; the text format, its
// escapes and its numbers are prom-client's.
import type { Metric } from 'prom-client';

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Of a gauge: what several processes of a node tell is added up; else the first of them knows. */
  readonly isAddedUp?: true;
  /** Asked for when somebody reads. A family without samples is not shown. */
  samples(): readonly Sample[];
}

export interface Sample {
  /** Of a histogram: the family's with `_bucket`, `_sum` or `_count` behind it. */
  readonly metricName?: string;
  /** Shown in this order. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const EXPOSITION_TYPE = 'text/plain; charset=UTF-8';

/** Sorted by name; of families with the same name, the first. */
export async function renderFamilies(families: readonly MetricFamily[]): Promise<string> {
  // Loaded by who reads: few gateways are read in their first moments.
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const texts: Promise<string>[] = [];
  for (const { name, help, type, samples } of families.toSorted(byName)) {
    const values = samples();
    if (values.length === 0 || registry.getSingleMetric(name) !== undefined) continue;
    // A registry asks a metric for nothing but this; its own sums over processes are such objects, too.
    const metric = { name, help, type, get: () => ({ name, help, type, values }) };
    registry.registerMetric(metric as unknown as Metric);
    texts.push(registry.getSingleMetricAsString(name));
  }
  return (await Promise.all(texts)).map((text) => `${text}\n`).join('');
}

const byName = (a: MetricFamily, b: MetricFamily): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
