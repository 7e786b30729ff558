// The text format of Prometheus (0.0.4): families of samples, sorted by name, with the help and the type of each.

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Asked for when somebody reads. A family without samples is not shown. */
  samples(): readonly Sample[];
}

export interface Sample {
  /** Of a histogram: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  /** As `labelText` gives it; empty for none. */
  readonly labels: string;
  readonly value: number;
}

export const EXPOSITION_TYPE = 'text/plain; charset=UTF-8';

export function renderFamilies(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of [...families].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const rows = samples();
    if (rows.length === 0) continue;
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
    for (const { suffix = '', labels, value } of rows) {
      lines.push(`${name}${suffix}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}`);
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** `service="orders",code="200"`, in the order of the names. */
export const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',');

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
