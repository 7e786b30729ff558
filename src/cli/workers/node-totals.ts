// What all workers of a node have counted, those that are gone included: no count goes back when one dies.
import type { GatewayCounters } from '../../gateway/gateway.ts';
import type { MetricFamily } from '../../lib/exposition.ts';
import { addFamilies, unpackFamilies, type WireFamily } from './figures.ts';
import type { WorkerFigures } from './messages.ts';

const NO_COUNTERS: GatewayCounters = { requests: 0, connections: 0, accepted: 0 };

export class NodeTotals {
  /** Of workers that are gone. */
  #counters = NO_COUNTERS;
  #families: Promise<readonly WireFamily[]> = Promise.resolve([]);

  /** What this worker had counted when it was asked last. */
  keep({ counters, families }: WorkerFigures): void {
    this.#counters = addCounters(this.#counters, { ...counters, connections: 0 });
    const counted = families.filter(({ type }) => type !== 'gauge');
    this.#families = this.#families.then((before) => addFamilies([before, counted]));
  }

  /** @param present those that live. */
  counters(present: readonly WorkerFigures[]): GatewayCounters {
    return present.map(({ counters }) => counters).reduce(addCounters, this.#counters);
  }

  /** @param own of the primary: of the state of the node, what it tells. */
  async families(own: readonly WireFamily[], present: readonly WorkerFigures[]): Promise<readonly MetricFamily[]> {
    const lists = present.map(({ families }) => families);
    return unpackFamilies(await addFamilies([own, await this.#families, ...lists]));
  }
}

const addCounters = (a: GatewayCounters, b: GatewayCounters): GatewayCounters => ({
  requests: a.requests + b.requests,
  connections: a.connections + b.connections,
  accepted: a.accepted + b.accepted,
});
