// How full the caches are that plugins keep in memory, and how full they may be.
import type { MetricFamily } from '../../lib/exposition.ts';
import type { NamedCaches } from '../environment/caches.ts';

export function cacheFamilies(caches: NamedCaches, nodeId: string): MetricFamily[] {
  const family = (name: string, help: string, member: 'bytes' | 'maxBytes'): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    isAddedUp: true,
    samples: () =>
      caches.sizes().map((size) => ({
        labels: { node_id: nodeId, shared_dict: size.name, kong_subsystem: 'http' },
        value: size[member],
      })),
  });
  return [
    family('kong_memory_lua_shared_dict_bytes', 'Bytes that a cache of plugins holds.', 'bytes'),
    family('kong_memory_lua_shared_dict_total_bytes', 'Bytes that a cache of plugins may hold.', 'maxBytes'),
  ];
}
