// What /metrics answers: numbers of the node itself, always, and what plugins count and show.
import { EXPOSITION_TYPE, type MetricFamily, renderFamilies, type Sample } from '../lib/exposition.ts';
import { KONG_VERSION } from '../lib/version.ts';
import type { Store } from '../store/store.ts';
import type { NodeInfo } from './node.ts';
import { notFound, type Reply } from './reply.ts';

export async function metricsReply(node: NodeInfo, store: Store): Promise<Reply> {
  if (node.metrics === undefined) return notFound;
  await node.refresh?.();
  const text = await renderFamilies([...nodeFamilies(node, store), ...(await node.metrics())]);
  return { status: 200, body: text, headers: { 'Content-Type': EXPOSITION_TYPE } };
}

const gauge = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
  name,
  help,
  type: 'gauge',
  samples: () => samples,
});

function nodeFamilies(node: NodeInfo, store: Store): MetricFamily[] {
  const { total_requests, ...connections } = node.counters();
  const ofNode = (more: Sample['labels']): Sample['labels'] => ({ node_id: node.id, ...more });
  const states = { ...connections, connections_total: total_requests };
  return [
    gauge(
      'kong_nginx_connections_total',
      'Connections of clients by state; `total` counts requests.',
      Object.entries(states).map(([name, value]) => ({
        labels: ofNode({ subsystem: 'http', state: name.replace('connections_', '') }),
        value,
      })),
    ),
    gauge('kong_nginx_requests_total', 'Requests so far.', [
      { labels: ofNode({ subsystem: 'http' }), value: total_requests },
    ]),
    gauge(
      'kong_nginx_timers',
      'Timers of the gateway.',
      ['pending', 'running'].map((state) => ({ labels: { state }, value: 0 })),
    ),
    gauge('kong_datastore_reachable', 'Whether the store of the configuration can be reached.', [
      { labels: {}, value: store.isReachable ? 1 : 0 },
    ]),
    gauge('kong_node_info', 'This node and the version it speaks.', [
      { labels: ofNode({ version: KONG_VERSION }), value: 1 },
    ]),
    gauge('kong_memory_workers_lua_vms_bytes', 'Memory that the process has allocated for objects.', [
      { labels: ofNode({ pid: String(process.pid), kong_subsystem: 'http' }), value: process.memoryUsage().heapUsed },
    ]),
  ];
}
