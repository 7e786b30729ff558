// The metrics of this node. Families live as long as the node, so that counters never go back when a configuration changes.
// The number of series is bounded: past it, new combinations of labels share one that is not shown, and are counted.
import type { MetricFamily, Sample } from '../../lib/exposition.ts';
import type { CounterSeries, FamilyOptions, HistogramSeries, Metrics, SeriesFamily } from '../../pdk/index.ts';

const MAX_SERIES = 100_000;

type Labels = Sample['labels'];

class Counter implements CounterSeries {
  value = 0;
  readonly labels: Labels;

  constructor(labels: Labels) {
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
  readonly #name: string;
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** Not cumulated: one count for each bucket, the unbounded one last. */
  readonly #counts: number[];
  #sum = 0;

  constructor(name: string, labels: Labels, bounds: readonly number[]) {
    this.#name = name;
    this.#labels = labels;
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
    const samples: Sample[] = [];
    const add = (suffix: string, labels: Labels, value: number): void => {
      samples.push({ metricName: this.#name + suffix, labels, value });
    };
    let count = 0;
    for (const [i, own] of this.#counts.entries()) {
      count += own;
      const bound = this.#bounds[i];
      add('_bucket', { ...this.#labels, le: String(bound ?? '+Inf') }, count);
    }
    add('_count', this.#labels, count);
    add('_sum', this.#labels, this.#sum);
    return samples;
  }
}

type Kind = 'counter' | 'histogram';

class Family<S extends Counter | Histogram> implements SeriesFamily<S>, MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: Kind;
  readonly #names: readonly string[];
  /** By the values as JSON. */
  readonly #byLabels = new Map<string, S>();
  readonly #make: (labels: Labels) => S;
  readonly #hasRoom: () => boolean;
  #surplus: S | undefined = undefined;

  constructor(type: Kind, options: FamilyOptions, make: (labels: Labels) => S, hasRoom: () => boolean) {
    this.name = options.name;
    this.help = options.help;
    this.type = type;
    this.#names = options.labels;
    this.#make = make;
    this.#hasRoom = hasRoom;
  }

  readonly series = (...values: readonly string[]): S => {
    const key = JSON.stringify(values);
    const known = this.#byLabels.get(key);
    if (known !== undefined) return known;
    if (!this.#hasRoom()) return (this.#surplus ??= this.#make({}));
    const made = this.#make(Object.fromEntries(this.#names.map((name, i) => [name, values[i] ?? ''])));
    this.#byLabels.set(key, made);
    return made;
  };

  readonly samples = (): Sample[] =>
    [...this.#byLabels.keys()].sort().flatMap((key) => this.#byLabels.get(key)!.samples());
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
      family = new Family(
        'histogram',
        options,
        (labels) => new Histogram(options.name, labels, options.buckets),
        this.#hasRoom,
      );
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
    samples: () => [{ labels: {}, value: this.#errors }],
  };
}
