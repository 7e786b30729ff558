// The `propagation` record compiled: which trace headers are read, removed and written. The former `header_type` counts only
// where the record says nothing.
import type { AccessExchange, Log, RequestView } from '../../../pdk/index.ts';
import type { ExtractFormat, Incoming, InjectFormat, Outgoing } from './context.ts';
import { INVALID, READERS } from './extract.ts';
import { WRITERS } from './inject.ts';

interface PropagationConfig {
  readonly propagation: {
    readonly extract: readonly ExtractFormat[] | null;
    readonly clear: readonly string[] | null;
    readonly inject: readonly (InjectFormat | 'preserve')[] | null;
    readonly default_format: InjectFormat;
  };
  readonly header_type?: InjectFormat | 'preserve' | 'ignore' | null;
  readonly default_header_type?: InjectFormat | null;
}

export interface Propagation {
  /** The first format that is there counts. */
  extract(request: RequestView): Incoming | undefined;
  inject(exchange: AccessExchange, span: Outgoing, incoming: Incoming | undefined): void;
}

const EVERY_FORMAT: readonly ExtractFormat[] = ['b3', 'w3c', 'jaeger', 'ot', 'datadog', 'aws', 'gcp', 'instana'];

export function createPropagation(config: PropagationConfig, log: Log): Propagation {
  const { extract, inject, clear, fallback } = settingsOf(config);
  return {
    extract(request) {
      for (const format of extract) {
        const incoming = READERS[format](request);
        if (incoming === INVALID) log.warn(`${format} trace headers are not valid and were ignored`);
        else if (incoming !== undefined) return incoming;
      }
      return undefined;
    },
    inject(exchange, span, incoming) {
      for (const name of clear) exchange.upstream.removeHeader(name);
      const written = new Set<InjectFormat>();
      for (const choice of inject) {
        const format = choice === 'preserve' ? (incoming?.format ?? fallback) : choice;
        if (written.has(format)) continue;
        written.add(format);
        const id = WRITERS[format](exchange.upstream, span, incoming);
        exchange.setLogValue(`trace_id.${format}`, id);
      }
    },
  };
}

interface Settings {
  readonly extract: readonly ExtractFormat[];
  readonly inject: readonly (InjectFormat | 'preserve')[];
  readonly clear: readonly string[];
  readonly fallback: InjectFormat;
}

/** The former name counts when it was set to something else than it always was. */
const FORMER_DEFAULT = 'b3';

function settingsOf({ propagation, header_type = null, default_header_type = null }: PropagationConfig): Settings {
  const { extract, inject, clear, default_format } = propagation;
  if (extract !== null || inject !== null || clear !== null) {
    return { extract: extract ?? [], inject: inject ?? [], clear: clear ?? [], fallback: default_format };
  }
  const isFormer = default_header_type !== null && default_header_type !== FORMER_DEFAULT;
  const fallback = isFormer ? default_header_type : default_format;
  if (header_type === 'ignore') return { extract: [], inject: [fallback], clear: [], fallback };
  const further = header_type === null || header_type === 'preserve' ? [] : [header_type];
  return { extract: EVERY_FORMAT, inject: ['preserve', ...further], clear: [], fallback };
}
