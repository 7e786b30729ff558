// The plugin runner: which instance runs, in which order, what each phase may do, and what happens when a plugin fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definePlugin, exit, type Phases, type PluginDefinition } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { echo, start, startUpstream } from './rig.ts';

/** A plugin with one text for configuration and the given handlers. */
const plugin = (name: string, priority: number, phases: (tag: string) => Phases): PluginDefinition =>
  definePlugin({
    name,
    priority,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: { tag: { type: 'string' } } } } },
    handler: () => Promise.resolve({ create: (config: { tag: string | null }) => phases(config.tag ?? '') }),
  });

const marker = plugin('marker', 500, (tag) => ({
  access: ({ upstream }) => upstream.setHeader('x-marker', tag),
  header_filter: ({ response }) => response.addHeader('x-marker', tag),
}));

test('the most specific instance of a plugin runs', async () => {
  const upstream = await startUpstream(echo);
  const mark = (tag: string, scope: object) => ({ name: 'marker', config: { tag }, ...scope });
  const scopes: [string, object][] = [
    ['route+service+consumer', { route: 'r', service: 's', consumer: 'bob' }],
    ['route+consumer', { route: 'r', consumer: 'bob' }],
    ['service+consumer', { service: 's', consumer: 'bob' }],
    ['route+service', { route: 'r', service: 's' }],
    ['consumer', { consumer: 'bob' }],
    ['route', { route: 'r' }],
    ['service', { service: 's' }],
    ['global', {}],
  ];
  for (let from = 0; from < scopes.length; from++) {
    const running = await start(
      {
        services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }],
        consumers: [{ username: 'bob', keyauth_credentials: [{ key: 'k' }] }],
        plugins: [{ name: 'key-auth' }, ...scopes.slice(from).map(([tag, scope]) => mark(tag, scope))],
      },
      { plugins: [...bundledPlugins, marker] },
    );
    const answer = await running.send('/', { headers: { apikey: 'k' } });
    assert.equal(JSON.parse(answer.text).headers['x-marker'], scopes[from]![0]);
    assert.equal(answer.headers['x-marker'], scopes[from]![0]);
    await running.close();
  }
  await upstream.close();
});

test('plugins run by priority in every phase, and an answer skips only the access of those behind', async () => {
  const order: string[] = [];
  const noting = (name: string, priority: number, answers = false): PluginDefinition =>
    plugin(name, priority, () => ({
      access() {
        order.push(`${name} access`);
        return answers ? exit(418, { from: name }, { 'x-from': name }) : undefined;
      },
      header_filter: () => void order.push(`${name} header`),
      log: () => void order.push(`${name} log`),
    }));
  const upstream = await startUpstream(echo);
  const definitions = [noting('low', 1), noting('high', 30), noting('middle', 20, true)];
  const running = await start(
    {
      services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] }],
      plugins: [{ name: 'low' }, { name: 'middle' }, { name: 'high' }],
    },
    { plugins: definitions },
  );
  const answer = await running.send('/');
  assert.deepEqual([answer.status, answer.text, answer.headers['x-from']], [418, '{"from":"middle"}', 'middle']);
  assert.match(String(answer.headers['x-kong-response-latency']), /^\d+$/);
  assert.deepEqual(order, [
    'high access',
    'middle access',
    'high header',
    'middle header',
    'low header',
    'high log',
    'middle log',
    'low log',
  ]);
  assert.equal(upstream.seen.length, 0);
  await running.close();
  await upstream.close();
});

test('handlers may wait: the request goes on where it was', async () => {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  const waiting = (name: string, priority: number): PluginDefinition =>
    plugin(name, priority, () => ({
      async rewrite({ upstream }) {
        await pause();
        upstream.addHeader('x-order', `${name}-rewrite`);
      },
      async access({ upstream }) {
        await pause();
        upstream.addHeader('x-order', `${name}-access`);
      },
    }));
  const upstream = await startUpstream(echo);
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start(
    { services: [service], plugins: [{ name: 'one' }, { name: 'two' }] },
    { plugins: [waiting('one', 2), waiting('two', 1)] },
  );
  const { headers } = JSON.parse((await running.send('/')).text);
  assert.equal(headers['x-order'], 'one-rewrite, two-rewrite, one-access, two-access');
  await running.close();
  await upstream.close();
});

test('a response handler sees the whole body and may answer in its place', async () => {
  const upstream = await startUpstream((request, response) => {
    response.write('one ');
    setTimeout(() => response.end(request.url === '/secret' ? 'secret' : 'two'), 20);
  });
  const buffering = plugin('buffering', 10, () => ({
    response({ response }) {
      const text = response.body.toString();
      if (text.includes('secret')) return exit(403, 'hidden');
      response.setHeader('x-length', String(text.length));
      response.body = Buffer.from(text.toUpperCase());
      return undefined;
    },
  }));
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service], plugins: [{ name: 'buffering' }] }, { plugins: [buffering] });
  const open = await running.send('/');
  assert.deepEqual([open.status, open.text, open.headers['x-length']], [200, 'ONE TWO', '7']);
  const hidden = await running.send('/secret');
  assert.deepEqual([hidden.status, hidden.text], [403, 'hidden']);
  await running.close();
  await upstream.close();
});

test('body filters change chunk after chunk, and the last call may add an end', async () => {
  const upstream = await startUpstream((_request, response) => {
    response.setHeader('content-length', '6');
    response.write('abc');
    setTimeout(() => response.end('def'), 20);
  });
  const upper = plugin('upper', 10, () => ({
    body_filter: (_exchange, chunk, last) =>
      Buffer.from(Buffer.from(chunk).toString().toUpperCase() + (last ? '!' : '')),
  }));
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service], plugins: [{ name: 'upper' }] }, { plugins: [upper] });
  const answer = await running.send('/');
  assert.deepEqual([answer.text, answer.headers['content-length']], ['ABCDEF!', undefined]);
  await running.close();
  await upstream.close();
});

test('a handler that throws in access is 500 and names the plugin in the log only', async () => {
  const upstream = await startUpstream(echo);
  const broken = plugin('broken', 10, () => ({
    access() {
      throw new Error('secret detail');
    },
  }));
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service], plugins: [{ name: 'broken' }] }, { plugins: [broken] });
  const answer = await running.send('/');
  assert.deepEqual([answer.status, JSON.parse(answer.text).message], [500, 'An unexpected error occurred']);
  assert.deepEqual(running.logs, ['error plugin broken failed in access']);
  assert.equal(upstream.seen.length, 0);
  await running.close();
  await upstream.close();
});

test('a body filter that throws breaks the connection: what it would have hidden does not go out', async () => {
  const upstream = await startUpstream((_request, response) => response.end('hidden'));
  const broken = plugin('broken', 10, () => ({
    body_filter() {
      throw new Error('no');
    },
  }));
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service], plugins: [{ name: 'broken' }] }, { plugins: [broken] });
  await assert.rejects(running.send('/'));
  await running.close();
  await upstream.close();
});

test('a plugin that cannot be made guards its routes with 500 instead of letting requests pass', async () => {
  const upstream = await startUpstream(echo);
  const refusing = plugin('refusing', 10, () => {
    throw new Error('not with this configuration');
  });
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service], plugins: [{ name: 'refusing' }] }, { plugins: [refusing] });
  assert.equal((await running.send('/')).status, 500);
  assert.equal(upstream.seen.length, 0);
  await running.close();
  await upstream.close();
});
