// Changes while requests run: none fails because of one, none sees half of one, and what was written is what is routed by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { echo, loadState, start, startUpstream, until } from './rig.ts';

const serviceAt = (port: number, routes: readonly object[]) => ({
  services: [{ name: 's', url: `http://127.0.0.1:${port}`, routes }],
});

test('two thousand requests during fifty changes: none fails', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(serviceAt(upstream.port, [{ name: 'fixed', paths: ['/fixed'] }]));
  const service = running.store.state.find('services', 'name', 's')!;
  let sent = 0;
  const statuses = new Map<number, number>();
  const client = async (): Promise<void> => {
    while (sent < 2000) {
      sent += 1;
      const { status } = await running.send('/fixed');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const changer = async (): Promise<void> => {
    const fixed = running.store.state.find('routes', 'name', 'fixed')!;
    for (let i = 0; i < 50; i++) {
      const id = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
      const entity = { ...fixed, id, name: `changing-${i}`, paths: [`/changing-${i}`], service: { id: service.id } };
      assert.ok((await running.store.commit([{ action: 'create', kind: 'routes', entity }])).ok);
      assert.equal((await running.send(`/changing-${i}`)).status, 200);
      assert.ok((await running.store.commit([{ action: 'delete', kind: 'routes', id }])).ok);
      assert.equal((await running.send(`/changing-${i}`)).status, 404);
    }
  };
  await Promise.all([changer(), ...Array.from({ length: 20 }, client)]);
  assert.deepEqual([...statuses], [[200, sent]]);
  await running.close();
  await upstream.close();
});

test('a request that is under way keeps the configuration it began with', async () => {
  let release: () => void = () => undefined;
  const upstream = await startUpstream((request, response) => {
    if (request.url === '/slow') release = () => response.end('late');
    else response.end('soon');
  });
  const running = await start(serviceAt(upstream.port, [{ name: 'r', paths: ['/'] }]));
  const slow = running.send('/slow');
  await until(() => upstream.seen.length === 1, 'the request arrived');
  await running.store.replace(await loadState({}));
  assert.equal((await running.send('/soon')).status, 404);
  release();
  assert.deepEqual([(await slow).status, (await slow).text], [200, 'late']);
  await running.close();
  await upstream.close();
});

test('the access log tells of every request, abandoned and refused ones included', async () => {
  const { connect } = await import('node:net');
  const upstream = await startUpstream(() => undefined);
  const running = await start(serviceAt(upstream.port, [{ name: 'r', paths: ['/'] }]));
  const leaving = connect(running.port, '127.0.0.1', () => leaving.write('GET /gone HTTP/1.1\r\nHost: a.test\r\n\r\n'));
  await until(() => upstream.seen.length === 1, 'the request arrived');
  leaving.resetAndDestroy();
  await until(() => running.access.length === 1, 'the line');
  const [gone] = running.access;
  assert.deepEqual([gone!.uri, gone!.status, gone!.aborted, gone!.route], ['/gone', 499, true, 'r']);
  const broken = connect(running.port, '127.0.0.1', () => broken.write('GET / HTTP/1.1\r\nBad Header: x\r\n\r\n'));
  broken.resume();
  await until(() => running.access.length === 2, 'the second line');
  assert.equal(running.access[1]!.status, 400);
  await running.close();
  await upstream.close();
});
