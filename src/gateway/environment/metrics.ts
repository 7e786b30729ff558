// The metrics of this node. Families live as long as the node, so that counters never go back when a configuration changes.
// The number of series is bounded: past it, new combinations of labels share one that is not shown, and are counted.
import { labelText, type MetricFamily, type Sample } from '../../lib/exposition.ts';
import type { CounterSeries, FamilyOptions, HistogramSeries, Metrics, SeriesFamily } from '../../pdk/index.ts';

const MAX_SERIES = 100_000;

class Counter implements CounterSeries {
  value = 0;
  readonly labels: string;

  constructor(labels: string) {
    this.labels = labels;
  }

  add(by: number): void {
    this.value += by;
  }

  samples(): Sample[] {
    return [{ labels: this.labels, value: this.value }];
  }
}

class Histogram implements HistogramSeries {
  readonly labels: string;
  readonly #bounds: readonly number[];
  /** Not cumulated: one count for each bucket, the unbounded one last. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: string, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= this.#bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    this.#counts[low]! += 1;
    this.#sum += value;
  }

  samples(): Sample[] {
    const before = this.labels === '' ? '' : `${this.labels},`;
    const samples: Sample[] = [];
    let count = 0;
    for (const [i, own] of this.#counts.entries()) {
      count += own;
      const bound = this.#bounds[i];
      samples.push({ suffix: '_bucket', labels: `${before}le="${bound ?? '+Inf'}"`, value: count });
    }
    samples.push({ suffix: '_count', labels: this.labels, value: count });
    samples.push({ suffix: '_sum', labels: this.labels, value: this.#sum });
    return samples;
  }
}

type Kind = 'counter' | 'histogram';

class Family<S extends Counter | Histogram> implements SeriesFamily<S>, MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: Kind;
  readonly #names: readonly string[];
  readonly #byLabels = new Map<string, S>();
  readonly #make: (labels: string) => S;
  readonly #hasRoom: () => boolean;
  #surplus: S | undefined = undefined;

  constructor(type: Kind, options: FamilyOptions, make: (labels: string) => S, hasRoom: () => boolean) {
    this.name = options.name;
    this.help = options.help;
    this.type = type;
    this.#names = options.labels;
    this.#make = make;
    this.#hasRoom = hasRoom;
  }

  readonly series = (...values: readonly string[]): S => {
    const labels = labelText(this.#names, values);
    const known = this.#byLabels.get(labels);
    if (known !== undefined) return known;
    if (!this.#hasRoom()) return (this.#surplus ??= this.#make(''));
    const made = this.#make(labels);
    this.#byLabels.set(labels, made);
    return made;
  };

  readonly samples = (): Sample[] =>
    [...this.#byLabels.keys()].sort().flatMap((labels) => this.#byLabels.get(labels)!.samples());
}

export class MetricsRegistry implements Metrics {
  readonly #counters = new Map<string, Family<Counter>>();
  readonly #histograms = new Map<string, Family<Histogram>>();
  readonly #offered = new Map<string, { readonly family: MetricFamily; users: number }>();
  #series = 0;
  #errors = 0;

  readonly #hasRoom = (): boolean => {
    if (this.#series >= MAX_SERIES) {
      this.#errors += 1;
      return false;
    }
    this.#series += 1;
    return true;
  };

  counter(options: FamilyOptions): SeriesFamily<CounterSeries> {
    let family = this.#counters.get(options.name);
    if (family === undefined) {
      family = new Family('counter', options, (labels) => new Counter(labels), this.#hasRoom);
      this.#counters.set(options.name, family);
    }
    return family;
  }

  histogram(options: FamilyOptions & { readonly buckets: readonly number[] }): SeriesFamily<HistogramSeries> {
    let family = this.#histograms.get(options.name);
    if (family === undefined) {
      family = new Family('histogram', options, (labels) => new Histogram(labels, options.buckets), this.#hasRoom);
      this.#histograms.set(options.name, family);
    }
    return family;
  }

  /** A family that the gateway fills when it is read; hidden until some plugin wants it shown. */
  offer(family: MetricFamily): void {
    this.#offered.set(family.name, { family, users: 0 });
  }

  show(name: string): () => void {
    const offered = this.#offered.get(name);
    if (offered === undefined) return () => undefined;
    offered.users += 1;
    let isShown = true;
    return () => {
      if (isShown) offered.users -= 1;
      isShown = false;
    };
  }

  families(): readonly MetricFamily[] {
    const shown = [...this.#offered.values()].filter(({ users }) => users > 0).map(({ family }) => family);
    return [...this.#counters.values(), ...this.#histograms.values(), ...shown, this.#errorFamily];
  }

  readonly #errorFamily: MetricFamily = {
    name: 'kong_nginx_metric_errors_total',
    help: 'Observations that were not recorded, because there were too many series.',
    type: 'counter',
    samples: () => [{ labels: '', value: this.#errors }],
  };
}
