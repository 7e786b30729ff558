// What a client that sends Kong-Debug or X-Kong-Request-Debug is told about the time its request took, who may ask, and what the log
// says of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import type { CoreConfig } from '../../src/gateway/core.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { readDebugAsk } from '../../src/gateway/observe/debug-ask.ts';
import type { Json } from '../../src/lib/json.ts';
import { definePlugin, type Phases } from '../../src/pdk/index.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { echo, loadState, startUpstream, until } from './rig.ts';

type Node = { total_time: number; child?: Record<string, Node> };
/** What a failed test left open is closed at the end. */
const open: (() => Promise<void>)[] = [];
after(() => Promise.all(open.map((close) => close())));

type Output = Node & { request_id: string; total_time_without_upstream: number; truncated?: boolean };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const plugin = (name: string, priority: number, phases: Phases) =>
  definePlugin({
    name,
    priority,
    version: '1.0.0',
    schema: {
      fields: {
        protocols: { type: 'set', default: ['http', 'https'], elements: { type: 'string' } },
        config: { type: 'record', required: true, fields: {} },
      },
    } as never,
    handler: async () => ({ create: () => phases }),
  });

interface Line {
  readonly level: string;
  readonly message: string;
  readonly details: Readonly<Record<string, Json>>;
}

interface Setting {
  readonly url?: string;
  readonly allowsDebug?: boolean;
  readonly http2?: boolean;
  readonly debugToken?: string;
}

/** A gateway with these plugins for everybody, and its log. */
async function serve(
  plugins: readonly ReturnType<typeof plugin>[],
  { url = '', allowsDebug = true, http2 = false, debugToken }: Setting = {},
) {
  const upstream = await startUpstream((request, response) => {
    setTimeout(() => echo(request, response), 30);
  });
  const services = [
    {
      name: 's',
      url: url.replace('PORT', String(upstream.port)) || `http://127.0.0.1:${upstream.port}`,
      routes: [{ name: 'r', paths: ['/r'] }],
    },
  ];
  const state = await loadState({ services, plugins: plugins.map(({ name }) => ({ name })) }, plugins);
  const lines: Line[] = [];
  const gateway = await startGateway({
    listen: [{ host: '127.0.0.1', port: 0 }],
    http2,
    allowsDebug,
    debugToken,
    // A test says by X-Real-IP from where it comes.
    trust: { trustedIps: ['127.0.0.1'], realIpHeader: 'X-Real-IP', realIpRecursive: false },
    store: new MemoryStore(state),
    plugins,
    events: { access: undefined, log: (level, message, details = {}) => lines.push({ level, message, details }) },
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= gateway.close(500).then(() => upstream.close()));
  open.push(close);
  const port = gateway.addresses[0]!.port;
  const timelines = () => lines.filter(({ message }) => message === '[request-debug] timeline of a request');
  return {
    port,
    state,
    lines,
    timelines,
    get: (path: string, headers: Record<string, string> = { 'kong-debug': '1' }) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers }).then(async (answer) => {
        const body = await answer.text();
        const text = answer.headers.get('x-kong-request-debug-output');
        const seen = answer.ok ? (JSON.parse(body) as { headers: Record<string, string> }).headers : {};
        return { answer, text, seen, output: text === null ? undefined : (JSON.parse(text) as Output) };
      }),
    close,
  };
}

const near = (actual: number | undefined, least: number, what: string) =>
  assert.ok(
    actual !== undefined && actual >= least && actual < least + 5000,
    `${what}: ${actual} ms, not ${least} or more`,
  );

test('each step and each plugin instance tells its milliseconds, a wait of a plugin among them', async () => {
  const slow = plugin('slow', 10, { access: () => pause(40).then(() => undefined), header_filter: () => undefined });
  const quick = plugin('quick', 5, { access: () => undefined, log: () => undefined });
  const running = await serve([slow, quick]);
  const { output, answer } = await running.get('/r');
  assert.ok(output !== undefined);
  assert.equal(output.request_id, answer.headers.get('x-kong-request-id'));
  const { child } = output;
  assert.deepEqual(Object.keys(child!), ['rewrite', 'router', 'access', 'balancer', 'upstream', 'header_filter']);
  const id = (name: string) => running.state.list('plugins').find((entity) => entity['name'] === name)!.id;
  const { plugins } = child!['access']!.child!;
  assert.deepEqual(Object.keys(plugins!.child!), ['slow', 'quick'], 'in the order in which they ran');
  near(plugins!.child!['slow']!.child![id('slow')]!.total_time, 38, 'the plugin that waits');
  assert.ok(plugins!.child!['quick']!.child![id('quick')]!.total_time < 30);
  near(child!['access']!.total_time, 38, 'its step');
  assert.deepEqual(Object.keys(child!['header_filter']!.child!['plugins']!.child!), ['slow']);
  const parts = child!['upstream']!.child!;
  assert.deepEqual(Object.keys(parts), ['connect', 'time_to_first_byte']);
  near(parts['time_to_first_byte']!.total_time, 28, 'the upstream');
  near(output.total_time, 66, 'all of it');
  const rest = output.total_time - child!['upstream']!.total_time;
  assert.ok(Math.abs(output.total_time_without_upstream - rest) < 0.01);
  await running.close();
});

test('the log has the whole timeline at level debug, with what followed the head', async () => {
  const filter = plugin('filter', 10, { body_filter: (_exchange, chunk) => chunk, log: () => undefined });
  const running = await serve([filter]);
  const { answer } = await running.get('/r?x=1');
  await until(() => running.timelines().length > 0, 'the line in the log');
  const [{ level, details }] = running.timelines() as [Line];
  assert.equal(level, 'debug');
  assert.equal(details['request_id'], answer.headers.get('x-kong-request-id'));
  assert.deepEqual([details['method'], details['uri'], details['status']], ['GET', '/r?x=1', 200]);
  const { child } = details['timeline'] as unknown as Output;
  assert.ok(child!['upstream']!.child!['streaming'] !== undefined);
  for (const step of ['body_filter', 'log'])
    assert.deepEqual(Object.keys(child![step]!.child!['plugins']!.child!), ['filter']);
  await running.close();
});

test('a second request finds its connection open and names no connect', async () => {
  const running = await serve([], { url: 'http://localhost:PORT' });
  const first = (await running.get('/r')).output!;
  assert.ok(first.child!['upstream']!.child!['connect'] !== undefined);
  const second = (await running.get('/r')).output!;
  assert.deepEqual(Object.keys(second.child!['upstream']!.child!), ['time_to_first_byte']);
  assert.equal(second.child!['balancer']!.child, undefined);
  await running.close();
});

test('answers of plugins and of the router have a timeline too', async () => {
  const guard = plugin('guard', 10, { access: () => ({ kind: 'exit', status: 403, body: 'no', headers: {} }) });
  const running = await serve([guard]);
  const refused = await running.get('/r');
  assert.equal(refused.answer.status, 403);
  assert.deepEqual(Object.keys(refused.output!.child!), ['rewrite', 'router', 'access']);
  const missing = await running.get('/none');
  assert.equal(missing.answer.status, 404);
  assert.ok(missing.output!.child!['router']!.total_time >= 0);
  await running.close();
});

test('a plugin that throws is measured like any other, and fails as it would', async () => {
  const broken = plugin(
    'broken',
    10,
    Object.freeze<Phases>({
      access() {
        throw new Error('on purpose');
      },
    }),
  );
  const running = await serve([broken]);
  const { answer, output } = await running.get('/r');
  assert.equal(answer.status, 500);
  assert.deepEqual(Object.keys(output!.child!['access']!.child!['plugins']!.child!), ['broken']);
  assert.ok(running.lines.some(({ message }) => message === 'plugin broken failed in access'));
  await running.close();
});

test('a header of more than 4 KiB leaves the plugins out and says so; the log has them all', async () => {
  const many = Array.from({ length: 60 }, (_, i) => plugin(`plugin-${i}`, i, { access: () => undefined }));
  const running = await serve(many);
  const { text, output } = await running.get('/r');
  assert.ok(text!.length <= 4096);
  assert.equal(output!.truncated, true);
  assert.equal(output!.child!['access']!.child, undefined);
  await until(() => running.timelines().length > 0, 'the line in the log');
  const logged = running.timelines()[0]!.details['timeline'] as unknown as Output;
  assert.equal(Object.keys(logged.child!['access']!.child!['plugins']!.child!).length, 60);
  await running.close();
});

test('nobody is told who does not ask, or may not', async () => {
  const allowed = await serve([]);
  assert.equal((await allowed.get('/r', {})).text, null);
  assert.equal(allowed.timelines().length, 0);
  await allowed.close();
  const forbidden = await serve([], { allowsDebug: false });
  assert.equal((await forbidden.get('/r')).text, null);
  assert.equal(forbidden.timelines().length, 0);
  await forbidden.close();
});

test('over HTTP/2 the same is told', async () => {
  const running = await serve([], { http2: true });
  const session = connect(`http://127.0.0.1:${running.port}`);
  const stream = session.request({ ':path': '/r', 'kong-debug': '1' });
  const [headers] = (await once(stream, 'response')) as [Record<string, string>];
  stream.resume();
  await once(stream, 'end');
  const { child } = JSON.parse(headers['x-kong-request-debug-output']!) as Output;
  assert.ok(child!['upstream']!.child!['time_to_first_byte']!.total_time >= 0);
  const socket = session.socket as Socket;
  session.destroy();
  socket.destroy();
  await running.close();
});

const TOKEN = 'a token that nobody guesses';
/** Without what Kong-Debug tells. */
const byToken = { allowsDebug: false, debugToken: TOKEN };
const ELSEWHERE = '203.0.113.9';

test('from this machine X-Kong-Request-Debug is enough, and it does not go upstream', async () => {
  const running = await serve([plugin('one', 10, { access: () => undefined })], byToken);
  const asked = { 'x-kong-request-debug': '*', 'x-kong-request-debug-log': 'false', 'x-kong-request-debug-token': 'x' };
  const { output, seen, answer } = await running.get('/r', asked);
  assert.deepEqual(Object.keys(output!.child!), ['rewrite', 'router', 'access', 'balancer', 'upstream']);
  assert.deepEqual(Object.keys(output!.child!['access']!.child!['plugins']!.child!), ['one']);
  assert.deepEqual(
    Object.keys(seen).filter((name) => name.startsWith('x-kong-request-debug')),
    [],
  );
  assert.equal(answer.headers.get('kong-route-id'), null);
  assert.equal((await running.get('/r', { 'kong-debug': '1' })).text, null);
  await running.close();
});

test('from elsewhere the token is asked for', async () => {
  const running = await serve([], byToken);
  const ask = (headers: Record<string, string>) =>
    running.get('/r', { 'x-real-ip': ELSEWHERE, 'x-kong-request-debug': '*', ...headers });
  for (const headers of [{}, { 'x-kong-request-debug-token': '' }, { 'x-kong-request-debug-token': `${TOKEN}x` }]) {
    const { text, seen } = await ask(headers);
    assert.equal(text, null);
    // It may be meant for a gateway behind this one.
    assert.equal(seen['x-kong-request-debug'], '*');
  }
  const { output, seen } = await ask({ 'x-kong-request-debug-token': TOKEN });
  assert.ok(output!.total_time > 0);
  assert.equal(seen['x-kong-request-debug-token'], undefined);
  await running.close();
});

test('who speaks for a client on this machine has to be there himself', () => {
  const config = { debugToken: TOKEN } as CoreConfig;
  const ask = (...addresses: [string, string]) => {
    const headers = new HeaderList();
    headers.append('X-Kong-Request-Debug', '*');
    return readDebugAsk({ config, headers, addresses }) !== undefined;
  };
  assert.equal(ask('127.0.0.1', '127.8.9.1'), true);
  assert.equal(ask('::1', '::ffff:127.0.0.1'), true);
  assert.equal(ask(ELSEWHERE, '127.0.0.1'), false);
  assert.equal(ask('127.0.0.1', ELSEWHERE), false);
  assert.equal(ask('', ''), false);
});

test('some steps can be asked for alone; a word that is none asks for nothing', async () => {
  const running = await serve([], byToken);
  const steps = async (asked: string) => {
    const { output } = await running.get('/r', { 'x-kong-request-debug': asked });
    return output && Object.keys(output.child!);
  };
  assert.deepEqual(await steps('upstream'), ['upstream']);
  assert.deepEqual(await steps('upstream, rewrite,log'), ['rewrite', 'upstream']);
  for (const none of ['', 'true', 'upstream,everything', '*,upstream', 'router'])
    assert.equal(await steps(none), undefined);
  assert.equal(running.timelines().length, 2);
  await running.close();
});

test('the log has it at level info for who asks for that', async () => {
  const running = await serve([], byToken);
  for (const [log, level] of [
    ['true', 'info'],
    ['false', 'debug'],
  ] as const) {
    running.lines.length = 0;
    await running.get('/r', { 'x-kong-request-debug': '*', 'x-kong-request-debug-log': log });
    await until(() => running.timelines().length > 0, 'the line in the log');
    assert.equal(running.timelines()[0]!.level, level);
  }
  await running.close();
});

test('clients elsewhere get 2 KiB at most, and the log has the rest at level info', async () => {
  const many = Array.from({ length: 30 }, (_, i) => plugin(`plugin-${i}`, i, { access: () => undefined }));
  const running = await serve(many, byToken);
  const asked = { 'x-kong-request-debug': '*', 'x-kong-request-debug-token': TOKEN };
  const near = await running.get('/r', asked);
  assert.ok(near.text!.length > 2048 && near.output!.truncated === undefined, `${near.text!.length} bytes`);
  running.lines.length = 0;
  const { text, output } = await running.get('/r', { ...asked, 'x-real-ip': ELSEWHERE });
  assert.ok(text!.length <= 2048);
  assert.equal(output!.truncated, true);
  await until(() => running.timelines().length > 0, 'the line in the log');
  const [{ level, details }] = running.timelines() as [Line];
  assert.equal(level, 'info');
  assert.equal(details['request_id'], output!.request_id);
  const logged = details['timeline'] as unknown as Output;
  assert.equal(Object.keys(logged.child!['access']!.child!['plugins']!.child!).length, 30);
  await running.close();
});

test('where it is switched off the headers mean nothing and go upstream', async () => {
  const running = await serve([], { allowsDebug: false });
  const { text, seen } = await running.get('/r', { 'x-kong-request-debug': '*', 'x-kong-request-debug-log': 'true' });
  assert.equal(text, null);
  assert.equal(seen['x-kong-request-debug'], '*');
  assert.equal(running.timelines().length, 0);
  await running.close();
});
