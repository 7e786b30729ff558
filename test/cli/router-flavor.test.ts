// Routes with expressions on the command line: taken where the gateway's router knows them, refused with the way out where
// it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gwctl, startGateway } from './rig.ts';
import { serve } from './serving.ts';

const STATE = (priority: number): string => `_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:9
  routes:
  - name: r
    expression: http.path ^= "/items" && http.method == "GET"
    priority: ${priority}
  - name: classic
    paths: [/classic]
`;
const EXPRESSIONS = ['--router-flavor', 'expressions'];

test('validate without a gateway takes expressions for a router that is said to know them', async () => {
  const refused = await gwctl(['validate', '-'], { input: STATE(5) });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /<stdin>:7:5: error: unknown field 'expression'/);
  assert.match(refused.err, /hint: only routers of flavour expressions know it: .*--router-flavor/);
  const taken = await gwctl(['validate', ...EXPRESSIONS, '-'], { input: STATE(5) });
  assert.deepEqual([taken.code, taken.err], [0, '']);
  const env = { KONG_ROUTER_FLAVOR: 'expressions' };
  assert.equal((await gwctl(['validate', '-'], { input: STATE(5), env })).code, 0);
  const wrong = await gwctl(['validate', ...EXPRESSIONS, '-'], { input: STATE(5).replace('^=', '^') });
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /Router Expression failed validation/);
});

test('sync, diff, dump and validate --online follow the router of the gateway', async () => {
  const { admin, child, ended } = await serve([], { KONG_ROUTER_FLAVOR: 'expressions' });
  const ask = (...args: string[]) => gwctl([...args, '--kong-addr', admin], { input: STATE(5) });
  const first = await ask('sync', '-');
  assert.deepEqual([first.code, /creating route r\b/.test(first.out)], [0, true], first.err);
  assert.match((await ask('diff', '-')).out, /Created: 0\n {2}Updated: 0\n {2}Deleted: 0/);
  assert.equal((await ask('validate', '--online', '-')).code, 0);
  const dumped = await ask('dump');
  assert.match(dumped.out, /expression: http\.path \^= "\/items" && http\.method == "GET"/);
  const again = await gwctl(['sync', '-', '--kong-addr', admin], { input: STATE(6) });
  assert.match(again.out, /updating route r\b/);
  child.kill('SIGTERM');
  await ended;
});

test('a gateway with another router is not sent what it does not know', async () => {
  const gateway = await startGateway();
  const { code, err } = await gwctl(['sync', '-', '--kong-addr', gateway.address], { input: STATE(5) });
  assert.equal(code, 1);
  assert.match(err, /unknown field 'expression'[\s\S]*router_flavor=expressions of the gateway/);
  assert.ok(!gateway.requests.some((line) => !line.startsWith('GET ')), gateway.requests.join('\n'));
  await gateway.close();
});
