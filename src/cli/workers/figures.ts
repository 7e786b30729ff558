// Metrics of several processes as those of one node: counters and histograms are added up, what is a state of the node is
// taken from where it is known. A worker that is gone leaves its counts behind, so that no counter goes back.
import type { MetricFamily, Sample } from '../../lib/exposition.ts';

/** As prom-client passes metrics between processes. */
export interface WireFamily extends Omit<MetricFamily, 'samples' | 'isAddedUp'> {
  readonly aggregator: 'sum' | 'first';
  readonly values: readonly Sample[];
}

export const packFamilies = (families: readonly MetricFamily[]): WireFamily[] =>
  families.map(({ name, help, type, isAddedUp, samples }) => ({
    name,
    help,
    type,
    aggregator: type === 'gauge' && isAddedUp !== true ? 'first' : 'sum',
    values: samples(),
  }));

/** Of most gauges, what the first one tells. */
export async function addFamilies(lists: readonly (readonly WireFamily[])[]): Promise<readonly WireFamily[]> {
  const { AggregatorRegistry } = await import('prom-client');
  const sums = await AggregatorRegistry.aggregate([...lists]).getMetricsAsJSON();
  return sums as unknown as WireFamily[];
}

export const unpackFamilies = (families: readonly WireFamily[]): MetricFamily[] =>
  families.map(({ name, help, type, values }) => ({ name, help, type, samples: () => values }));
