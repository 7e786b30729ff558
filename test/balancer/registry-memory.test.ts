// A registry that goes through many configurations keeps the balancers of the last one only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryObjects } from 'node:v8';
import { UpstreamBalancer } from '../../src/gateway/balancer/balancer.ts';
import { BalancerRegistry } from '../../src/gateway/balancer/registry.ts';
import { answerOf, target, upstream } from './rig.ts';

test('balancers that were replaced are forgotten', () => {
  const registry = new BalancerRegistry({ resolve: () => Promise.resolve(answerOf('127.0.0.1')) });
  const configure = (from: number): void => {
    for (let i = from; i < from + 20; i++) {
      const config = upstream({ active: { http_path: `/${i}`, healthy: { interval: 60 } } });
      registry.update([{ upstream: config, targets: [target('127.0.0.1:1'), target(`127.0.0.2:${i}`)] }]);
    }
  };
  configure(1);
  const first = queryObjects(UpstreamBalancer, { format: 'count' });
  configure(100);
  assert.equal(queryObjects(UpstreamBalancer, { format: 'count' }), first);
  assert.ok(first < 10, `${first} balancers are kept`);
  registry.close();
});
