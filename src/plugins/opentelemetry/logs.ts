// Sends what the gateway logs as log records. A line that names a request is tied to its trace; lines of this plugin itself
// are left out, or a collector that is away would make lines about lines; and no line takes the place of an earlier one.
import type { Environment, RequestView } from '../../pdk/index.ts';
import { openExport } from './export.ts';
import type { Config } from './handler.ts';
import { encodeLogs, type LogLine, ownResource, type Resource } from './otlp.ts';
import type { Trace } from './trace.ts';

export interface LogTeller {
  note(request: RequestView, trace: Trace, resource: () => Resource): void;
  forget(request: RequestView): void;
  close(): void;
}

interface Known {
  readonly trace: Trace;
  readonly resource: () => Resource;
}

export function tellLogs(url: string, config: Config, environment: Environment): LogTeller {
  const queue = openExport<LogLine>('logs', url, config, environment, encodeLogs);
  const underWay = new Map<string, Known>();
  const ofNode = ownResource(environment.node.id);
  const { clock, instance } = environment;
  const stop = environment.watchLog((severity, text, details) => {
    if (queue.isFull || text.startsWith('[opentelemetry]')) return;
    const id = details?.['request_id'];
    const known = typeof id === 'string' ? underWay.get(id) : undefined;
    // A scoped instance tells of its own requests only.
    if (known === undefined && (instance.route ?? instance.service ?? instance.consumer) !== undefined) return;
    const line: LogLine = {
      time: clock.now(),
      severity,
      text,
      attributes: { 'request.id': typeof id === 'string' ? id : undefined, ...simple(details) },
      traceId: known?.trace.traceId,
      spanId: known?.trace.rootId,
      isSampled: known?.trace.isSampled === true,
    };
    queue.push({ resource: known?.resource() ?? ofNode, item: line });
  });
  return {
    note: (request, trace, resource) => underWay.set(request.id, { trace, resource }),
    forget: (request) => underWay.delete(request.id),
    close() {
      stop();
      queue.close();
    },
  };
}

function simple(details: Readonly<Record<string, unknown>> | undefined): Record<string, string | number | boolean> {
  const entries = Object.entries(details ?? {}).filter(
    (entry): entry is [string, string | number | boolean] =>
      entry[0] !== 'request_id' && ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  return Object.fromEntries(entries);
}
