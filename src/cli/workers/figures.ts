// Metrics of several processes as those of one node: counters and histograms are added up, what is a state of the node is
// taken from where it is known. A worker that is gone leaves its counts behind, so that no counter goes back.
import type { MetricFamily, Sample } from '../../lib/exposition.ts';

export interface WireFamily extends Omit<MetricFamily, 'samples'> {
  readonly rows: readonly Sample[];
}

export const packFamilies = (families: readonly MetricFamily[]): WireFamily[] =>
  families.map(({ name, help, type, samples }) => ({ name, help, type, rows: samples() }));

/** @param first whose gauges count. */
export function addFamilies(first: readonly WireFamily[], others: readonly (readonly WireFamily[])[]): WireFamily[] {
  const sums = new Map<string, { readonly family: WireFamily; readonly rows: Map<string, Sample> }>();
  for (const [i, families] of [first, ...others].entries()) {
    for (const family of families) {
      if (family.type === 'gauge' && i > 0 && sums.has(family.name)) continue;
      let sum = sums.get(family.name);
      if (sum === undefined) sums.set(family.name, (sum = { family, rows: new Map() }));
      for (const row of family.rows) {
        const key = `${row.suffix ?? ''} ${row.labels}`;
        const before = sum.rows.get(key)?.value ?? 0;
        sum.rows.set(key, { ...row, value: before + row.value });
      }
    }
  }
  return [...sums.values()].map(({ family, rows }) => ({ ...family, rows: [...rows.values()] }));
}

export const unpackFamilies = (families: readonly WireFamily[]): MetricFamily[] =>
  families.map(({ name, help, type, rows }) => ({ name, help, type, samples: () => rows }));
