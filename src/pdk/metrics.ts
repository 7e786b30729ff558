// Numbers that whoever watches the node reads from /metrics. A plugin asks for a series once for each combination of
// labels and keeps it: counting is then an addition, without a look-up.

export interface CounterSeries {
  /** Adds; never negative. */
  add(by: number): void;
}

export interface HistogramSeries {
  observe(value: number): void;
}

export interface SeriesFamily<S> {
  /** The series with these values of the family's labels, in their order; the same values give the same series. */
  series(...labels: readonly string[]): S;
}

export interface FamilyOptions {
  /** Full name, such as `kong_http_requests_total`. Instances that use the same name share the family. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Metrics {
  counter(options: FamilyOptions): SeriesFamily<CounterSeries>;
  /** @param buckets upper bounds, rising; the last one, without bound, is added. */
  histogram(options: FamilyOptions & { readonly buckets: readonly number[] }): SeriesFamily<HistogramSeries>;
  /** Shows a family that the gateway can fill itself, until what it answers is called. Unknown names change nothing. */
  show(name: string): () => void;
}
