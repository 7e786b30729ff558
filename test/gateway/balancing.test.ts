// Which peer a request goes to: weights, the next target after a failure, and health checks that take targets out and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadPort, start, startUpstream, until } from './rig.ts';

const named = (name: string) =>
  startUpstream((request, response) => {
    response.statusCode = request.url === '/broken' ? 500 : 200;
    response.end(name);
  });

const content = (targets: readonly object[], healthchecks: object = {}, retries = 5) => ({
  services: [{ name: 's', host: 'pool', retries, routes: [{ paths: ['/'] }] }],
  upstreams: [{ name: 'pool', healthchecks, targets }],
});

test('targets share requests by their weight', async () => {
  const [a, b] = [await named('a'), await named('b')];
  const targets = [
    { target: `127.0.0.1:${a.port}`, weight: 75 },
    { target: `127.0.0.1:${b.port}`, weight: 25 },
    { target: '127.0.0.1:1', weight: 0 },
  ];
  const running = await start(content(targets));
  const counts: Record<string, number> = { a: 0, b: 0 };
  for (let i = 0; i < 40; i++) counts[(await running.send('/')).text]! += 1;
  assert.deepEqual(counts, { a: 30, b: 10 });
  await running.close();
  await Promise.all([a.close(), b.close()]);
});

test('a target that refuses connections costs no request: the next one answers, whatever the method', async () => {
  const alive = await named('alive');
  const targets = [{ target: `127.0.0.1:${await deadPort()}` }, { target: `127.0.0.1:${alive.port}` }];
  const running = await start(content(targets));
  for (const method of ['GET', 'POST', 'PUT', 'POST']) {
    const answer = await running.send('/', { method, body: 'x' });
    assert.deepEqual([answer.status, answer.text], [200, 'alive']);
  }
  assert.equal(alive.seen.length, 4);
  await running.close();
  await alive.close();
});

test('a POST that may have arrived is not sent again, a GET is', async () => {
  const dying = await startUpstream((request) => request.socket.destroy());
  const running = await start(content([{ target: `127.0.0.1:${dying.port}` }], {}, 2));
  assert.equal((await running.send('/', { method: 'POST', body: 'x' })).status, 502);
  assert.deepEqual(dying.seen, ['POST /']);
  assert.equal((await running.send('/')).status, 502);
  assert.deepEqual(dying.seen, ['POST /', 'GET /', 'GET /', 'GET /']);
  await running.close();
  await dying.close();
});

test('an upstream without targets is 503', async () => {
  const running = await start(content([]));
  const answer = await running.send('/');
  assert.deepEqual(
    [answer.status, JSON.parse(answer.text).message],
    [503, 'failure to get a peer from the ring-balancer'],
  );
  await running.close();
});

test('active checks take a target out when it fails and back when it recovers', async () => {
  let isWell = true;
  const fragile = await startUpstream((request, response) => {
    response.statusCode = request.url === '/health' && !isWell ? 500 : 200;
    response.end('fragile');
  });
  const steady = await named('steady');
  const active = {
    http_path: '/health',
    healthy: { interval: 0.05, successes: 1 },
    unhealthy: { interval: 0.05, http_failures: 1, tcp_failures: 1, timeouts: 1 },
  };
  const targets = [{ target: `127.0.0.1:${fragile.port}` }, { target: `127.0.0.1:${steady.port}` }];
  const running = await start(content(targets, { active }));
  const answers = async (): Promise<string> => {
    const names = new Set<string>();
    for (let i = 0; i < 6; i++) names.add((await running.send('/')).text);
    return [...names].sort().join();
  };
  assert.equal(await answers(), 'fragile,steady');
  isWell = false;
  await until(async () => (await answers()) === 'steady', 'the target is out');
  isWell = true;
  await until(async () => (await answers()) === 'fragile,steady', 'the target is back');
  await running.close();
  await Promise.all([fragile.close(), steady.close()]);
});

test('passive checks take a target out after its errors, and a hand puts it back', async () => {
  const failing = await startUpstream((_request, response) => {
    response.statusCode = 500;
    response.end('failing');
  });
  const steady = await named('steady');
  const passive = { unhealthy: { http_failures: 2, http_statuses: [500] } };
  const targets = [{ target: `127.0.0.1:${failing.port}` }, { target: `127.0.0.1:${steady.port}` }];
  const running = await start(content(targets, { passive }));
  const texts: string[] = [];
  for (let i = 0; i < 12; i++) texts.push((await running.send('/')).text);
  assert.equal(texts.filter((text) => text === 'failing').length, 2);
  const upstream = running.store.state.find('upstreams', 'name', 'pool')!;
  const target = running.store.state.find('targets', 'target', `127.0.0.1:${failing.port}`)!;
  assert.equal(running.gateway.balancers.targets(upstream.id).get(target.id)!.health, 'UNHEALTHY');
  assert.ok(running.gateway.balancers.setTarget(upstream.id, target.id, undefined, true));
  assert.equal(running.gateway.balancers.targets(upstream.id).get(target.id)!.health, 'HEALTHY');
  await running.close();
  await Promise.all([failing.close(), steady.close()]);
});

test('the health of a target can be set as soon as the target is written', async () => {
  const passive = { unhealthy: { tcp_failures: 1 } };
  const running = await start(content([], { passive }));
  const upstream = running.store.state.find('upstreams', 'name', 'pool')!;
  const target = { id: '6d0c1f58-5d0d-4d6c-9d52-8f5a1b7c3e11', target: '127.0.0.1:8001', weight: 100 };
  await running.store.commit([
    { action: 'create', kind: 'targets', entity: { ...target, upstream: { id: upstream.id } } },
  ]);
  assert.ok(running.gateway.balancers.setTarget(upstream.id, target.id, undefined, false));
  assert.equal(running.gateway.balancers.targets(upstream.id).get(target.id)!.health, 'UNHEALTHY');
  await running.close();
});

test('a change elsewhere in the configuration keeps the verdicts', async () => {
  const passive = { unhealthy: { tcp_failures: 1 } };
  const steady = await named('steady');
  const targets = [{ target: `127.0.0.1:${await deadPort()}` }, { target: `127.0.0.1:${steady.port}` }];
  const running = await start(content(targets, { passive }));
  for (let i = 0; i < 4; i++) await running.send('/');
  const upstream = running.store.state.find('upstreams', 'name', 'pool')!;
  const words = () => [...running.gateway.balancers.targets(upstream.id).values()].map((row) => row.health).sort();
  assert.deepEqual(words(), ['HEALTHY', 'UNHEALTHY']);
  const service = running.store.state.find('services', 'name', 's')!;
  await running.store.commit([{ action: 'update', kind: 'services', entity: { ...service, retries: 1 } }]);
  const changed = { ...upstream, slots: 2000 };
  await running.store.commit([{ action: 'update', kind: 'upstreams', entity: changed }]);
  assert.equal((await running.send('/')).status, 200);
  assert.deepEqual(words(), ['HEALTHY', 'UNHEALTHY']);
  await running.close();
  await steady.close();
});
