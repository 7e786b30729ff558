// The record of a request exists as an object and, written another way, as text: the two say the same.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { sendRaw, start, startUpstream } from './rig.ts';

const REQUESTS: readonly [string, string][] = [
  ['plain', 'GET /a?x=1&x=2&flag HTTP/1.1\r\nHost: a.test\r\nUser-Agent: u\r\n'],
  ['a repeated header in two spellings', 'GET / HTTP/1.1\r\nHost: a.test\r\nX-Two: 1\r\nx-two: 2\r\n'],
  ['quotes, backslashes and tabs', 'GET /%22 HTTP/1.1\r\nHost: a.test\r\nX-Quote: a"b\\c\td\r\n'],
  ['bytes above ASCII', 'GET /%c3%b8 HTTP/1.1\r\nHost: a.test\r\nX-Name: J\xf8rgen\r\n'],
  ['bytes that are UTF-8', 'GET / HTTP/1.1\r\nHost: a.test\r\nX-Name: J\xc3\xb8rgen\r\n'],
  ['credentials', 'GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic c2VjcmV0\r\nProxy-Authorization: x\r\n'],
  ['a name that objects treat in their own way', 'GET / HTTP/1.1\r\nHost: a.test\r\n__proto__: x\r\nx: y\r\n'],
  ['an API key', 'GET /keyed HTTP/1.1\r\nHost: a.test\r\napikey: k\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nHost: a.test:81\r\nContent-Length: 3\r\n\r\nabc'],
  ['no route', 'GET / HTTP/1.1\r\nHost: nowhere.test\r\n'],
];

test('the record as text is the record', async () => {
  const records: [JsonObject, JsonObject][] = [];
  const spy = definePlugin({
    name: 'spy',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: { x: { type: 'string' } } } } },
    handler: () =>
      Promise.resolve({
        create: () => ({
          log(exchange) {
            records.push([JSON.parse(exchange.logText()) as JsonObject, exchange.logRecord()]);
          },
        }),
      }),
  });
  const upstream = await startUpstream((_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b="2"']);
    response.end('ok');
  });
  after(() => upstream.close());
  const running = await start(
    {
      services: [
        {
          name: 's',
          url: `http://127.0.0.1:${upstream.port}`,
          routes: [
            { name: 'r', hosts: ['a.test'], paths: ['/'] },
            { name: 'keyed', hosts: ['a.test'], paths: ['/keyed'], plugins: [{ name: 'key-auth' }] },
          ],
        },
      ],
      consumers: [{ username: 'bob', keyauth_credentials: [{ key: 'k' }] }],
      plugins: [{ name: 'spy' }],
    },
    { plugins: [...bundledPlugins, spy] },
  );
  after(() => running.close());
  for (const [what, head] of REQUESTS) {
    records.length = 0;
    const [lines = '', body = ''] = head.split('\r\n\r\n');
    await sendRaw(running.port, `${lines.replace(/\r\n$/, '')}\r\nConnection: close\r\n\r\n${body}`);
    for (let i = 0; i < 200 && records.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(records.length, 1, what);
    const [text, record] = records[0]!;
    // Milliseconds may pass between the two.
    const still = (one: JsonObject): unknown => JSON.parse(JSON.stringify({ ...one, latencies: null }));
    assert.deepEqual(still(text), still(record), what);
    const { headers } = text['request'] as { headers: JsonObject };
    assert.match(String(headers['host']), /\.test/, what);
    if (what === 'credentials') {
      assert.equal(headers['authorization'], 'REDACTED');
      assert.equal(headers['proxy-authorization'], 'REDACTED');
    }
    if (what.startsWith('bytes')) assert.equal(headers['x-name'], 'Jørgen');
    if (what.startsWith('a repeated')) assert.deepEqual(headers['x-two'], ['1', '2']);
    if (what === 'an API key') assert.equal((text['consumer'] as JsonObject)['username'], 'bob');
  }
});
