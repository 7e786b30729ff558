import assert from 'node:assert/strict';
import { test } from 'node:test';
import { echo, start, startUpstream } from '../gateway/rig.ts';

test('a client without the cookie gets one, and with it the same target again', async () => {
  const upstreams = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      startUpstream((request, response) => {
        response.setHeader('set-cookie', ['mine=1', 'stick=of-the-upstream']);
        response.setHeader('x-name', name);
        echo(request, response);
      }),
    ),
  );
  const { send } = await start({
    services: [{ name: 's', host: 'u', routes: [{ name: 'r', paths: ['/'] }] }],
    upstreams: [
      {
        name: 'u',
        hash_on: 'cookie',
        hash_on_cookie: 'stick',
        hash_on_cookie_path: '/app',
        targets: upstreams.map(({ port }) => ({ target: `127.0.0.1:${port}` })),
      },
    ],
  });
  const names = new Set<unknown>();
  for (let client = 0; client < 12; client++) {
    const first = await send('/');
    const [mine, ours, ...more] = first.headers['set-cookie'] as string[];
    assert.equal(mine, 'mine=1');
    assert.match(ours ?? '', /^stick=[0-9a-f-]{36}; Path=\/app; Same-Site=Lax; HttpOnly$/);
    assert.deepEqual(more, []);
    names.add(first.headers['x-name']);
    for (let i = 0; i < 3; i++) {
      const next = await send('/', { headers: { cookie: `a=b; ${ours!.split(';')[0]}` } });
      assert.equal(next.headers['x-name'], first.headers['x-name']);
      assert.deepEqual(next.headers['set-cookie'], ['mine=1', 'stick=of-the-upstream']);
    }
  }
  assert.ok(names.size > 1, 'clients are spread');
});
