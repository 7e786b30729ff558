// `POST /config` with a body so large that it is read in a thread of its own: requests are served meanwhile, and the answers
// are those that a small body gets.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { type Serving, serve, startUpstream, statusOf } from './serving.ts';

const upstream = await startUpstream((_, response) => response.end('hello'));
after(() => upstream.server.close());

/** More than 256 KiB. */
const PADDING = 300 * 1024;
const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';

let gateway: Serving;
before(async () => {
  gateway = await serve(['--db-less']);
});

async function post(body: string, type = YAML_TYPE, query = '') {
  const answer = await fetch(`${gateway.admin}/config${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
}

const small = (path: string): string => `_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:${upstream.port}
  routes:
  - {name: r, paths: [${path}], tags: ['ü']}
`;

/** The same configuration, for a reader of YAML. */
const padded = (text: string): string => `${text}\n# ${'x'.repeat(PADDING)}\n`;

test('requests are answered while a large configuration is read, and then it is served', async () => {
  assert.equal((await post(small('/old'))).status, 201);
  const routes = Array.from(
    { length: 12_000 },
    (_, i) => `  - {name: route-number-${i}, paths: [/path-number-${i}]}\n`,
  );
  const body = `${small('/new')}- name: many\n  host: many.test\n  routes:\n${routes.join('')}`;
  const events: string[] = [];
  const posting = request(`${gateway.admin}/config`, { method: 'POST', headers: { 'content-type': YAML_TYPE } });
  const answered = once(posting, 'response').then(async ([response]) => {
    events.push(`configuration ${response.statusCode}`);
    for await (const _ of response);
  });
  posting.end(body);
  await once(posting, 'finish');
  // More than there are pieces of the body on the way.
  const requests = Array.from({ length: 100 }, () => 'request 200');
  for (const _ of requests) events.push(`request ${await statusOf(`${gateway.proxy}/old`)}`);
  await answered;
  assert.deepEqual(events, [...requests, 'configuration 201']);
  assert.equal(await statusOf(`${gateway.proxy}/new`), 200);
  assert.equal(await statusOf(`${gateway.proxy}/old`), 404);
  const status = (await (await fetch(`${gateway.admin}/status`)).json()) as { configuration_hash: string };
  assert.doesNotMatch(status.configuration_hash, /^0+$/);
});

const withoutMoments = (text: string): string => text.replace(/"(?:created|updated)_at":\d+/g, '');
const WRONG_FIELD = small('/a').replace('name: r,', 'name: r, unknown: 1,');
const WRONG_LINK = `${small('/a')}routes:\n- {name: lost, paths: [/lost], service: absent}\n`;
const asJson = (value: unknown): string => JSON.stringify(value);
const spaced = (text: string): string => ' '.repeat(PADDING) + text;

const CASES: readonly (readonly [what: string, text: string, large: string, type: string, query?: string])[] = [
  ['a configuration in YAML', small('/a'), padded(small('/a')), YAML_TYPE],
  [
    'a configuration in JSON',
    asJson({ _format_version: '3.0' }),
    spaced(asJson({ _format_version: '3.0' })),
    JSON_TYPE,
  ],
  ['one as a text in JSON', asJson({ config: small('/a') }), spaced(asJson({ config: small('/a') })), JSON_TYPE],
  ['a wrong field', WRONG_FIELD, padded(WRONG_FIELD), YAML_TYPE],
  ['a wrong field, flattened', WRONG_FIELD, padded(WRONG_FIELD), YAML_TYPE, '?flatten_errors=1'],
  ['a reference to nothing, flattened', WRONG_LINK, padded(WRONG_LINK), YAML_TYPE, '?flatten_errors=1'],
  ['a text that is no YAML', 'a: [', `# ${'x'.repeat(PADDING)}\na: [`, YAML_TYPE],
  ['a body that is no JSON', '{"a": ', spaced('{"a": '), JSON_TYPE],
  ['a JSON body that says nothing', '{}', spaced('{}'), JSON_TYPE],
  ['a type of body that is not taken', 'a', 'a'.repeat(PADDING), 'text/plain'],
];

for (const [what, text, large, type, query] of CASES) {
  test(`the answer to a large body is the one to a small body: ${what}`, async () => {
    const [expected, got] = [await post(text, type, query), await post(large, type, query)];
    assert.deepEqual({ ...got, body: withoutMoments(got.body) }, { ...expected, body: withoutMoments(expected.body) });
  });
}

test('a large configuration that is wrong changes nothing', async () => {
  assert.equal((await post(small('/kept'))).status, 201);
  assert.equal((await post(padded(WRONG_FIELD))).status, 400);
  assert.equal(await statusOf(`${gateway.proxy}/kept`), 200);
});

test('of a large body, too, it is told whether it is the configuration in use', async () => {
  const text = padded(small('/known'));
  assert.equal((await post(text)).status, 201);
  assert.deepEqual(await post(text, YAML_TYPE, '?check_hash=1'), { status: 304, type: null, body: '' });
  assert.equal((await post(padded(small('/other')), YAML_TYPE, '?check_hash=1')).status, 201);
});

test('of large configurations that come together, one is served', async () => {
  const paths = ['/first', '/second', '/third'];
  const sent: Promise<{ status: number }>[] = [];
  for (const path of paths) sent.push(post(padded(small(path))));
  assert.deepEqual(
    (await Promise.all(sent)).map(({ status }) => status),
    [201, 201, 201],
  );
  const served = await Promise.all(paths.map((path) => statusOf(`${gateway.proxy}${path}`)));
  assert.deepEqual(served.sort(), [200, 404, 404]);
});

test('a process that ends does not wait for what a thread still reads', async () => {
  const { href } = new URL('../../src/cli/serve/fact-thread.ts', import.meta.url);
  const script = `import('${href}').then(({ readInThread }) => {
    void readInThread('../../../test/cli/endless-thread', {}, () => {});
  })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  after(() => child.kill('SIGKILL'));
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
