// What a plugin gets of the gateway beside requests, and what it may say of the request upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalCounters } from '../../src/gateway/environment/counters.ts';
import { definePlugin, type Environment, type Phases } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { echo, loadState, start, startUpstream, until } from './rig.ts';

const probe = (create: (environment: Environment) => Phases) => [
  ...bundledPlugins,
  definePlugin({
    name: 'probe',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({ create: (_config: unknown, environment) => create(environment) }),
  }),
];

test('timers run beside requests, tell what they throw, and end with their instance', async () => {
  let [fast, slow, once] = [0, 0, 0];
  const plugins = probe(({ timers }) => {
    timers.every(5, () => {
      fast++;
      if (fast === 1) throw new Error('first');
    });
    timers.every(5, async () => {
      slow++;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
    timers.after(5, () => void once++);
    const stop = timers.after(5, () => void (once += 100));
    stop();
    return {};
  });
  const running = await start({ plugins: [{ name: 'probe' }] }, { plugins });
  await until(() => fast > 3, 'it runs again after it threw');
  assert.deepEqual([slow, once], [1, 1]);
  assert.match(running.logs.join('\n'), /^error plugin probe failed in a timer$/);
  const { id } = running.store.state.list('plugins')[0]!;
  await running.store.commit([{ action: 'delete', kind: 'plugins', id }]);
  assert.equal((await running.send('/')).status, 404, 'what it answers is compiled from the new state');
  const before = fast;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(fast, before);
  await running.close();
});

test('a vault answers what a reference stands for, and names no value when it cannot', async () => {
  process.env['PROBE_SECRET'] = 'sesame';
  const seen: string[] = [];
  const plugins = probe(({ vault }) => {
    seen.push(vault.get('{vault://env/probe-secret}'), vault.get('plain'));
    try {
      vault.get('{vault://env/probe-nothing}');
    } catch (error) {
      seen.push(String(error));
    }
    return {};
  });
  const running = await start({ plugins: [{ name: 'probe' }] }, { plugins });
  assert.deepEqual(seen.slice(0, 2), ['sesame', 'plain']);
  assert.match(seen[2]!, /PROBE_NOTHING is not set/);
  delete process.env['PROBE_SECRET'];
  await running.close();
});

test('timeouts and retries of one request are set in place of those of its service', async () => {
  const upstream = await startUpstream((request, response) => {
    if (request.url === '/slow') return;
    if (request.url === '/drop') response.destroy();
    else echo(request, response);
  });
  const plugins = probe(() => ({
    access({ request, upstream: sent }) {
      if (request.path === '/wrong') sent.setRetries(-1);
      if (request.path === '/slow') sent.setTimeouts(1000, 1000, 100);
      if (request.path !== '/fine') sent.setRetries(request.path === '/drop' ? 2 : 0);
    },
  }));
  const running = await start(
    {
      services: [
        {
          name: 's',
          url: `http://127.0.0.1:${upstream.port}`,
          retries: 5,
          routes: [{ name: 'r', paths: ['/'], strip_path: false }],
          plugins: [{ name: 'probe' }],
        },
      ],
    },
    { plugins },
  );
  assert.equal((await running.send('/slow')).status, 504);
  assert.equal((await running.send('/drop')).status, 502);
  assert.equal((await running.send('/fine')).status, 200);
  assert.equal((await running.send('/wrong')).status, 500);
  assert.deepEqual(upstream.seen, ['GET /slow', 'GET /drop', 'GET /drop', 'GET /drop', 'GET /fine']);
  await running.close();
  await upstream.close();
});

test('an opened counter is the one of its name until it expires', () => {
  let now = 1000;
  const counters = new LocalCounters({ now: () => now });
  const opened = counters.open('a', 10);
  assert.deepEqual({ ...opened }, { value: 0, expiresAt: 11_000 });
  opened.value += 2;
  assert.equal(counters.get('a'), 2);
  assert.equal(counters.increment('a', 3, 10), 5);
  assert.equal(opened.value, 5);
  now = 11_000;
  assert.equal(counters.get('a'), 0);
  const next = counters.open('a', 10);
  assert.notEqual(next, opened);
  assert.equal(next.value, 0);
  counters.close();
});

test('a header that would break the head is refused where the plugin sets it, before there is an answer', async () => {
  const upstream = await startUpstream(echo);
  const plugins = probe(() => ({
    access({ request, response }) {
      if (request.path === '/broken') response.setHeader('X-Broken', 'a\r\nSet-Cookie: b');
      response.setHeader('X-Whole', '€');
    },
  }));
  const routes = [{ name: 'r', paths: ['/'] }];
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes, plugins: [{ name: 'probe' }] };
  const running = await start({ services: [service] }, { plugins });
  const broken = await running.send('/broken');
  assert.equal(broken.status, 500);
  assert.equal(broken.headers['set-cookie'], undefined);
  assert.ok(running.logs.some((line) => /^error .*probe.*access/.test(line)));
  const whole = await running.send('/');
  assert.equal(Buffer.from(String(whole.headers['x-whole']), 'latin1').toString('utf8'), '€');
  await running.close();
  await upstream.close();
});

test('what a plugin cannot close keeps neither the others open nor a change from being served', async () => {
  const closed: string[] = [];
  const failing = (name: string, close: () => void) => ({
    ...probe(() => ({
      close() {
        closed.push(name);
        return close();
      },
    })).at(-1)!,
    name,
  });
  const plugins = [
    ...bundledPlugins,
    failing('throws', () => {
      throw new Error('at once');
    }),
    failing('rejects', () => Promise.reject(new Error('later')) as unknown as undefined),
    failing('works', () => undefined),
  ];
  const names = ['throws', 'rejects', 'works'];
  const content = { plugins: names.map((name) => ({ name })) };
  const running = await start(content, { plugins });
  await running.store.replace(await loadState({ services: [{ name: 's', host: 'a.test' }], ...content }, plugins));
  await running.store.replace(await loadState({}, plugins));
  assert.equal((await running.send('/')).status, 404);
  assert.deepEqual(closed.sort(), [...names].sort());
  await until(() => running.logs.length === 2, 'both are told');
  assert.deepEqual(running.logs.sort(), [
    'error plugin rejects failed in close',
    'error plugin throws failed in close',
  ]);
  await running.close();
});

test('an instance that is gone hears of no events any more, even if it asks for them then', async () => {
  const heard: string[] = [];
  let late = (): void => undefined;
  const plugins = probe(({ events }) => {
    late = () => events.subscribe('topic', (message) => heard.push(`late ${message}`));
    events.subscribe('topic', (message) => heard.push(`in time ${message}`));
    return {};
  });
  const running = await start({ plugins: [{ name: 'probe' }] }, { plugins });
  running.gateway.adoptEvent('topic', 'one');
  await running.store.replace(await loadState({}, plugins));
  assert.equal((await running.send('/')).status, 404);
  late();
  running.gateway.adoptEvent('topic', 'two');
  assert.deepEqual(heard, ['in time one']);
  await running.close();
});
