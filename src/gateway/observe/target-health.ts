// The health of every upstream target as a metric: one sample for each address and state, 1 for the state it is in.
import type { MetricFamily, Sample } from '../../lib/exposition.ts';
import type { Store } from '../../store/store.ts';
import type { BalancerRegistry } from '../balancer/registry.ts';

const STATES = ['healthchecks_off', 'healthy', 'unhealthy', 'dns_error'];

export function targetHealthFamily(store: Store, balancers: BalancerRegistry): MetricFamily {
  return {
    name: 'kong_upstream_target_health',
    help: 'State of each address of each target of an upstream: 1 for the state it is in, 0 for the others.',
    type: 'gauge',
    samples() {
      const samples: Sample[] = [];
      const add = (upstream: string, target: string, address: string, state: string): void => {
        for (const one of STATES) {
          const labels = { upstream, target, address, state: one, subsystem: 'http' };
          samples.push({ labels, value: one === state ? 1 : 0 });
        }
      };
      for (const upstream of store.state.list('upstreams')) {
        const name = upstream['name'] as string;
        const rows = balancers.targets(upstream.id);
        for (const target of store.state.children('targets', 'upstream', upstream.id)) {
          const row = rows.get(target.id);
          if (row === undefined) continue;
          const text = target['target'] as string;
          if (row.health === 'DNS_ERROR') add(name, text, '', 'dns_error');
          for (const { ip, port, health } of row.data.addresses) {
            add(name, text, `${ip}:${port}`, health.toLowerCase());
          }
        }
      }
      return samples;
    },
  };
}
