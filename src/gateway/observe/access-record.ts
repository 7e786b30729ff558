// The line of the access log for a finished request.
import type { RequestContext } from '../context.ts';
import type { AccessRecord } from '../core.ts';

const nameOf = (entity: { id: string; [field: string]: unknown } | undefined, field: string): string | null => {
  const name = entity?.[field];
  return typeof name === 'string' ? name : (entity?.id ?? null);
};

/** For bytes that were refused before they became a request: nothing of them is believed, so nothing is repeated. */
export function recordRejected(requestId: string, clientIp: string, status: number, bytesOut: number): AccessRecord {
  return {
    time: Date.now(),
    request_id: requestId,
    client_ip: clientIp,
    method: '',
    uri: '',
    host: '',
    status,
    bytes_in: 0,
    bytes_out: bytesOut,
    route: null,
    service: null,
    upstream: null,
    consumer: null,
    latency: 0,
    latency_kong: 0,
    latency_upstream: -1,
    tries: 0,
    aborted: true,
  };
}

export function recordAccess(context: RequestContext): AccessRecord {
  const { exchange, attempts } = context;
  const last = attempts?.[attempts.length - 1];
  const total = context.elapsed();
  return {
    time: context.startedAt,
    request_id: context.id,
    client_ip: context.clientIp,
    method: exchange.method,
    uri: exchange.target,
    host: exchange.host,
    status: context.status,
    bytes_in: exchange.bytesIn,
    bytes_out: exchange.bytesOut,
    route: nameOf(context.route, 'name'),
    service: nameOf(context.service, 'name'),
    upstream: last === undefined ? null : `${last.peer.address}:${last.peer.port}`,
    consumer: nameOf(context.consumer, 'username'),
    latency: total,
    latency_kong: last === undefined ? total : context.proxyLatency,
    latency_upstream: context.upstreamLatency,
    tries: attempts?.length ?? 0,
    aborted: exchange.aborted,
    request: () => exchange,
  };
}
