// What plugins can reach in each phase: the kept body behind the upstream, the request between two tries, spans and whether they
// are sent, headers in every spelling, the node.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, test } from 'node:test';
import {
  definePlugin,
  type Environment,
  exit,
  type HeaderValues,
  type NodeFigures,
  type ParsedBody,
  type Phases,
  type RecordedSpan,
} from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { deadPort, echo, start, startUpstream, until } from './rig.ts';

type Made = Phases | ((environment: Environment) => Phases);

const probe = (made: Made) =>
  definePlugin({
    name: 'probe',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({
      create: (_config, environment) => (typeof made === 'function' ? made(environment) : made),
    }),
  });

async function startWith(made: Made, port: number, options: Parameters<typeof start>[1] = {}) {
  const routes = [
    { name: 'r', paths: ['/'], strip_path: false },
    { name: 'streamed', paths: ['/streamed'], request_buffering: false },
  ];
  const services = [{ name: 's', url: `http://127.0.0.1:${port}`, routes, plugins: [{ name: 'probe' }] }];
  const running = await start({ services }, { ...options, plugins: [...bundledPlugins, probe(made)] });
  after(() => running.close());
  return running;
}

/** Sent in chunks: nobody knows the length before the end. */
const sendChunked = (port: number, path: string, body: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', agent: false }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    sent.on('error', reject);
    sent.write(body.slice(0, 1));
    setTimeout(() => sent.end(body.slice(1)), 30);
  });

test('response reads what was kept of the request’s body, and knows when nothing was', async () => {
  const upstream = await startUpstream((_request, response, body) => response.end(body));
  const bodies: (string | undefined)[] = [];
  const running = await startWith(
    {
      async access({ request }) {
        if (request.path === '/read') await request.body();
      },
      async response({ request }) {
        bodies.push((await request.body())?.toString());
      },
    },
    upstream.port,
  );
  const headers = { 'content-type': 'application/json' };
  await running.send('/', { method: 'POST', headers, body: '{"a":1}' });
  await running.send('/');
  await sendChunked(running.port, '/streamed', 'gone');
  await sendChunked(running.port, '/read', 'kept');
  assert.deepEqual(bodies, ['{"a":1}', '', undefined, 'kept']);
});

test('response reads the content that another plugin put in place of the client’s', async () => {
  const upstream = await startUpstream((_request, response, body) => response.end(body));
  let content: ParsedBody | undefined;
  const running = await startWith(
    {
      access: ({ upstream: sent }) => sent.setContent({ kind: 'json', value: [1] }),
      async response({ request }) {
        content = await request.content();
      },
    },
    upstream.port,
  );
  assert.equal((await running.send('/', { method: 'POST', body: 'text' })).text, '[1]');
  assert.deepEqual(content, { kind: 'json', value: [1] });
});

test('between two tries a plugin may wait, and send another request to another place', async () => {
  const upstream = await startUpstream((request, response, body) =>
    response.end(`${request.method} ${request.url} ${request.headers['x-count']} ${body}`),
  );
  let isWaiting = false;
  const running = await startWith(
    {
      async retry({ upstream: next }) {
        isWaiting = true;
        await new Promise((resolve) => setTimeout(resolve, 20));
        isWaiting = false;
        next.setTarget('127.0.0.1', upstream.port);
        next.setMethod('PUT');
        next.setPath('/other');
        next.setRawQuery('b=2');
        next.setHeader('X-Count', 2);
        next.setBody('new');
      },
    },
    await deadPort(),
  );
  const answer = await running.send('/?a=1', { method: 'POST', body: 'old' });
  assert.deepEqual([answer.status, answer.text, isWaiting], [200, 'PUT /other?b=2 2 new', false]);
});

test('a decision between two tries that fails later is told, and the next try is made', async () => {
  const upstream = await startUpstream(echo);
  const running = await startWith(
    {
      async retry({ upstream: next }) {
        next.setTarget('127.0.0.1', upstream.port);
        await Promise.resolve();
        throw new Error('oh');
      },
    },
    await deadPort(),
  );
  assert.equal((await running.send('/')).status, 200);
  assert.ok(running.logs.includes('error plugin probe failed in retry'));
});

test('a plugin that ends the tries after thinking about it', async () => {
  let asked = 0;
  const running = await startWith(
    {
      async retry({ upstream }) {
        await Promise.resolve();
        asked++;
        upstream.stop();
      },
    },
    await deadPort(),
  );
  assert.deepEqual([(await running.send('/')).status, asked], [502, 1]);
});

test('numbers and booleans are values of headers, in requests and in answers', async () => {
  const upstream = await startUpstream(echo);
  const running = await startWith(
    {
      access({ request, upstream: sent, response }) {
        sent.setHeader('X-Number', 5);
        sent.addHeader('X-Flag', true);
        sent.setHeader('X-List', [1, 'two', false]);
        response.setHeader('X-Answer', 1.5);
        if (request.path === '/exit') return exit(200, '', { 'X-Exit': 7, 'X-Exits': [1, true] });
        return undefined;
      },
    },
    upstream.port,
  );
  const answer = await running.send('/');
  const seen = (JSON.parse(answer.text) as { headers: Record<string, string> }).headers;
  assert.deepEqual([seen['x-number'], seen['x-flag'], seen['x-list']], ['5', 'true', '1, two, false']);
  assert.equal(answer.headers['x-answer'], '1.5');
  const { headers } = await running.send('/exit');
  assert.deepEqual([headers['x-exit'], headers['x-exits']], ['7', '1, true']);
});

test('a header is found by underscores too; many headers and arguments are read when that is asked for', async () => {
  const upstream = await startUpstream(echo);
  const found: unknown[] = [];
  let all: HeaderValues = {};
  const running = await startWith(
    {
      access({ request }) {
        found.push(request.header('x_one'), request.header('X_ONE'), request.header('x_none'));
        all = request.headers(1000);
        found.push(Object.keys(request.query()).length, Object.keys(request.query(1000)).length);
        found.push(Object.keys(request.headers()).length <= 101, request.forwardedPrefix);
        assert.throws(() => request.headers(1001), /max must be an integer from 1 to 1000/);
        assert.throws(() => request.query(0), /max must be an integer from 1 to 1000/);
      },
    },
    upstream.port,
    { limits: { headerCount: 500 } },
  );
  const names = Array.from({ length: 150 }, (_, i) => [`x-n${i}`, 'v']);
  const query = Array.from({ length: 150 }, (_, i) => `a${i}=1`).join('&');
  assert.equal(
    (await running.send(`/?${query}`, { headers: { 'x-one': '1', ...Object.fromEntries(names) } })).status,
    200,
  );
  assert.deepEqual(found, ['1', '1', undefined, 100, 150, true, undefined]);
  assert.equal(all['x-n149'], 'v');
});

test('spans begin below the active one', async () => {
  const upstream = await startUpstream(echo);
  let spans: readonly RecordedSpan[] = [];
  const running = await startWith(
    {
      access({ tracing }) {
        assert.equal(tracing.active, undefined);
        const outer = tracing.startSpan('outer');
        tracing.setActive(outer);
        tracing.startSpan('inner').finish();
        assert.equal(tracing.active, outer);
        tracing.setActive(undefined);
        tracing.startSpan('beside').finish();
      },
      log(exchange) {
        spans = exchange.spans;
      },
    },
    upstream.port,
  );
  await running.send('/');
  await until(() => spans.length === 3, 'three spans');
  assert.deepEqual(
    spans.map(({ name, parent }) => [name, parent?.name]),
    [
      ['outer', undefined],
      ['inner', 'outer'],
      ['beside', undefined],
    ],
  );
});

test('the node tells its figures, from the first moment on, and whom it trusts', async () => {
  const upstream = await startUpstream(echo);
  const figures: NodeFigures[] = [];
  const trusted: boolean[] = [];
  const running = await startWith(
    ({ node, isTrusted }) => {
      figures.push(node.figures());
      trusted.push(isTrusted('10.1.2.3'), isTrusted('11.1.2.3'), isTrusted('fd00::1'), isTrusted('nobody'));
      return { access: () => void figures.push(node.figures()) };
    },
    upstream.port,
    { trust: { trustedIps: ['10.0.0.0/8', 'fd00::/16'], realIpHeader: 'X-Real-IP', realIpRecursive: false } },
  );
  await running.send('/');
  const [before, during] = figures;
  assert.deepEqual([before!.requests, before!.connections], [0, { active: 0, accepted: 0 }]);
  assert.deepEqual([during!.requests, during!.connections], [1, { active: 1, accepted: 1 }]);
  const { process: all, objects, allocated } = during!.memory;
  assert.ok(objects > 0 && objects <= allocated && allocated <= all);
  assert.deepEqual(trusted, [true, false, true, false]);
});
