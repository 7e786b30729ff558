import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadState, start, startUpstream } from '../gateway/rig.ts';

const content = (ports: readonly number[], more: object = {}) => ({
  services: [{ name: 's', host: 'u', routes: [{ name: 'r', paths: ['/'] }] }],
  upstreams: [
    {
      name: 'u',
      algorithm: 'sticky-sessions',
      sticky_sessions_cookie: 'stick',
      ...more,
      targets: ports.map((port) => ({ target: `127.0.0.1:${port}` })),
    },
  ],
});

async function rig(count: number, more: object = {}) {
  const upstreams = await Promise.all(
    Array.from({ length: count }, (_, i) => startUpstream((_request, response) => response.end(`target ${i}`))),
  );
  const ports = upstreams.map(({ port }) => port);
  return { upstreams, ports, ...(await start(content(ports, more))) };
}

const cookieOf = (headers: Readonly<Record<string, unknown>>): string | undefined =>
  (headers['set-cookie'] as string[] | undefined)?.[0];

test('a client gets a cookie with its first answer, and with it the same target from then on', async () => {
  const { send, ports } = await rig(3, { sticky_sessions_cookie_path: '/app' });
  const targets = new Set<string>();
  for (let client = 0; client < 3; client++) {
    const first = await send('/');
    const line = cookieOf(first.headers) ?? '';
    assert.match(line, /^stick=[0-9a-f]{8}; Path=\/app; SameSite=Lax; HttpOnly$/);
    assert.ok(!ports.some((port) => line.includes(String(port))));
    const cookie = line.split(';')[0]!;
    for (let i = 0; i < 4; i++) {
      const next = await send('/', { headers: { cookie: `other=1; ${cookie}` } });
      assert.equal(next.text, first.text);
      assert.equal(cookieOf(next.headers), undefined);
    }
    targets.add(first.text);
  }
  assert.equal(targets.size, 3, 'clients without a cookie are served in turn');
});

test('targets that come and go beside it change nothing; a dead one is replaced, with a new cookie', async () => {
  const { send, upstreams, ports, store } = await rig(3);
  const first = await send('/');
  const cookie = cookieOf(first.headers)!.split(';')[0]!;
  const own = Number(first.text.at(-1));
  const fewer = ports.filter((_, i) => i === own || i === (own + 1) % 3);
  await store.replace(await loadState(content(fewer)));
  assert.equal((await send('/', { headers: { cookie } })).text, first.text);
  await upstreams[own]!.close();
  const after = await send('/', { headers: { cookie } });
  assert.equal(after.status, 200);
  assert.equal(after.text, `target ${(own + 1) % 3}`);
  const renewed = cookieOf(after.headers)!.split(';')[0]!;
  assert.notEqual(renewed, cookie);
  assert.equal(cookieOf((await send('/', { headers: { cookie: renewed } })).headers), undefined);
});

test('a cookie that names nobody is as good as none', async () => {
  const { send } = await rig(2);
  for (const value of ['', 'zzzzzzzz', '00000000', 'ffffffff', 'x'.repeat(3000)]) {
    const answer = await send('/', { headers: { cookie: `stick=${value}` } });
    assert.equal(answer.status, 200);
    assert.match(cookieOf(answer.headers) ?? '', /^stick=[0-9a-f]{8};/);
  }
});

test('needs the name of a cookie', async () => {
  await assert.rejects(loadState(content([80], { sticky_sessions_cookie: undefined })), /sticky_sessions_cookie/);
});
