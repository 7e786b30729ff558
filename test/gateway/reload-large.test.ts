// Changes of very many routes at once: the old ones serve until the new ones are ready, and who waits for that gets them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlingStore } from '../../src/store/settling.ts';
import { echo, loadState, type Running, start, startUpstream, until } from './rig.ts';

const COUNT = 3000;

const content = (port: number, name: string) => ({
  services: [
    {
      name: 's',
      url: `http://127.0.0.1:${port}`,
      routes: Array.from({ length: COUNT }, (_, i) => ({ name: `${name}-${i}`, paths: [`/${name}/${i}/`] })),
    },
  ],
});

const statusOf = async (running: Running, path: string): Promise<number> => (await running.send(path)).status;

for (const routerFlavor of ['traditional_compatible', 'traditional', 'expressions'] as const) {
  test(`${routerFlavor}: a write is answered when requests are served by it, and never served before as a half`, async () => {
    const upstream = await startUpstream(echo);
    const running = await start(content(upstream.port, 'old'), { routerFlavor });
    const store = settlingStore(running.store, () => running.gateway.settled());
    let isWritten = false;
    const writing = loadState(content(upstream.port, 'new'))
      .then((state) => store.replace(state))
      .then(() => {
        isWritten = true;
      });
    while (!isWritten) {
      const [old, next] = [await statusOf(running, '/old/7/'), await statusOf(running, '/new/7/')];
      if (next === 200) break;
      assert.deepEqual([old, next], [200, 404]);
    }
    await writing;
    assert.equal(await statusOf(running, '/old/2999/'), 404);
    assert.equal(await statusOf(running, '/new/2999/'), 200);

    const service = running.store.state.find('services', 'name', 's')!;
    const route = running.store.state.find('routes', 'name', 'new-1')!;
    for (let i = 0; i < 20; i++) {
      const entity = { ...route, paths: [`/changed/${i}/`], service: { id: service.id } };
      assert.ok((await store.commit([{ action: 'update', kind: 'routes', entity }])).ok);
      assert.equal(await statusOf(running, `/changed/${i}/`), 200);
      assert.equal(await statusOf(running, `/changed/${i - 1}/`), 404);
    }
    assert.deepEqual(running.logs, []);
    await running.close();
    await upstream.close();
  });
}

test('many writes at once are all answered, and all served afterwards', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream.port, 'old'));
  const store = settlingStore(running.store, () => running.gateway.settled());
  const route = running.store.state.find('routes', 'name', 'old-1')!;
  let isWriting = true;
  const asking = (async () => {
    while (isWriting) assert.equal(await statusOf(running, '/old/5/'), 200);
  })();
  await Promise.all(
    Array.from({ length: 4 }, async (_, k) => {
      for (let i = 0; i < 500; i++) {
        const id = `${String(k)}0000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
        const entity = { ...route, id, name: `more-${k}-${i}`, paths: [`/more/${k}/${i}/`] };
        assert.ok((await store.commit([{ action: 'create', kind: 'routes', entity }])).ok);
        if (i % 50 === 0) assert.equal(await statusOf(running, `/more/${k}/${i}/`), 200);
      }
    }),
  );
  isWriting = false;
  await asking;
  for (let k = 0; k < 4; k++) assert.equal(await statusOf(running, `/more/${k}/499/`), 200);
  await running.close();
  await upstream.close();
});

test('closing while the router is built lets go of whoever waits', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream.port, 'old'));
  const state = await loadState(content(upstream.port, 'new'));
  await running.store.replace(state);
  let isSettled = false;
  const waiting = running.gateway.settled().then(() => {
    isSettled = true;
  });
  await running.close();
  await until(() => isSettled, 'the waiting one went on');
  await waiting;
  await upstream.close();
});
