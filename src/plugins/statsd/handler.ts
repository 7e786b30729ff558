// statsd at work. A request, or a connection that was passed through, becomes its lines at once; the queue holds lines and sends those of a batch together.
import type { Environment, Phases, TcpTarget } from '../../pdk/index.ts';
import { tellFormerFields } from '../shared/former-queue-fields.ts';
import { figuresOf, sessionFiguresOf } from '../shared/metric-lines.ts';
import { queueLimits } from '../shared/queue-limits.ts';
import { type Config, compileMetrics, type Measured } from './metrics.ts';
import { packLines } from './packets.ts';

const TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

export function create(config: Config, environment: Environment): Phases {
  const { openQueue, instance } = environment;
  tellFormerFields('statsd', config, environment);
  const metrics = compileMetrics(config);
  const isMeasured = statusFilter(config.allow_status_codes);
  const queue = openQueue<readonly string[]>({
    name: instance.id,
    limits: queueLimits(config),
    sizeOf: (lines) => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
    send: createSender(config, environment),
  });
  const send = (measured: Measured): void => {
    const lines: string[] = [];
    for (const metric of metrics) {
      const line = metric(measured);
      if (line !== undefined) lines.push(line);
    }
    if (lines.length > 0) queue.push(lines);
  };
  return {
    log(exchange) {
      if (!isMeasured(exchange.response.status)) return;
      const { route, service, client } = exchange;
      send({ ...figuresOf(exchange), route, service, consumer: client.consumer });
    },
    stream_log(exchange) {
      if (!isMeasured(exchange.status)) return;
      const { route, service } = exchange;
      send({ ...sessionFiguresOf(exchange), route, service, consumer: undefined });
    },
    close: () => queue.close(),
  };
}

function createSender(
  config: Config,
  { network, log }: Environment,
): (batch: readonly (readonly string[])[]) => Promise<void> {
  const host = config.host ?? 'localhost';
  const port = config.port ?? 8125;
  if (config.use_tcp === true) {
    const target: TcpTarget = { host, port, tls: undefined, timeoutMs: TIMEOUT_MS, keepAliveMs: KEEP_ALIVE_MS };
    return (batch) => network.tcp(target, `${batch.flat().join('\n')}\n`);
  }
  const size = config.udp_packet_size ?? 0;
  return (batch) => {
    const packets = packLines(batch.flat(), size);
    if (size > 0 && packets.some((packet) => Buffer.byteLength(packet) > size)) log.warn('UDP packet may be truncated');
    return network.udp(host, port, packets);
  };
}

function statusFilter(ranges: readonly string[] | null): (status: number) => boolean {
  if (ranges === null) return () => true;
  const limits = ranges.map((range) => range.split('-').map(Number) as [number, number]);
  return (status) => limits.some(([low, high]) => status >= low && status <= high);
}
