import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { Codec } from '../../src/plugins/shared/grpc/codec.ts';
import { loadProtos } from '../../src/plugins/shared/grpc/proto-files.ts';
import { type Running, start } from './gateway-fixture.ts';
import { type Greeter, greeterTypes, PROTO, startGreeter } from './greeter-server.ts';

const GRPC_SERVICE = 'b0000000-0000-4000-8000-000000000009';

async function withGreeter(
  run: (running: Running, greeter: Greeter) => Promise<void>,
  config: JsonObject = { proto: PROTO },
) {
  const greeter = await startGreeter();
  const running = await start({
    routes: { unused: ['/unused'] },
    entities: {
      services: [{ id: GRPC_SERVICE, name: 'grpc', url: `grpc://127.0.0.1:${greeter.port}` }],
      routes: [{ name: 'grpc', paths: ['/'], service: { id: GRPC_SERVICE } }],
    },
    plugins: [{ name: 'grpc-gateway', config }],
  });
  try {
    await run(running, greeter);
  } finally {
    await running.close();
    greeter.close();
  }
}

const jsonOf = (text: string): JsonObject => JSON.parse(text) as JsonObject;

test('a GET becomes a call, and its reply JSON', async () => {
  await withGreeter(async ({ send }, greeter) => {
    const answer = await send({ path: '/v1/messages/john_doe' });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.header('content-type'), ['application/json']);
    assert.deepEqual(answer.header('access-control-allow-origin'), ['*']);
    const { reply, boolean_test, list } = jsonOf(answer.text);
    assert.deepEqual([reply, boolean_test, list], ['hello john_doe', false, []]);
    assert.deepEqual(greeter.asked, [{ name: 'john_doe' }]);
  });
});

test('arguments of the query become fields; what the message does not have is dropped', async () => {
  await withGreeter(async ({ send }, greeter) => {
    const query =
      'boolean_test=1&hands.count=0&hands.endings=fingers&mood=HAPPY&big=9007199254740993&tags=a&tags=b&nope=1';
    const answer = await send({ path: `/v1/messages/x?${query}` });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(greeter.asked[0], {
      name: 'x',
      boolean_test: true,
      hands: { count: 0, endings: 'fingers' },
      mood: 'HAPPY',
      big: '9007199254740993',
      tags: ['a', 'b'],
    });
    const echo = jsonOf(answer.text)['echo'] as JsonObject;
    assert.equal(echo['big'], '9007199254740993');
    assert.equal(echo['mood'], 'HAPPY');
  });
});

for (const [text, value] of [
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
] as const) {
  test(`the text ${text} of a query is ${value}`, async () => {
    await withGreeter(async ({ send }) => {
      const answer = await send({ path: `/v1/messages/x?boolean_test=${text}` });
      assert.equal(jsonOf(answer.text)['boolean_test'], value);
    });
  });
}

test('additional bindings fit too', async () => {
  await withGreeter(async ({ send }) => {
    const answer = await send({ path: '/v1/messages/legacy/a/b' });
    assert.equal(jsonOf(answer.text)['reply'], 'hello a/b');
  });
});

test('a body is the message, or one field of it', async () => {
  await withGreeter(async ({ send }, greeter) => {
    const body = JSON.stringify({
      boolean_test: true,
      at: '2024-02-03T04:05:06.7Z',
      counts: { a: 1 },
      name: 'ignored',
    });
    const answer = await send({ method: 'POST', path: '/v1/messages/x', body });
    assert.equal(answer.status, 200, answer.text);
    const echo = jsonOf(answer.text)['echo'] as JsonObject;
    assert.equal(echo['at'], '2024-02-03T04:05:06.700Z');
    assert.deepEqual(echo['counts'], { a: 1 });
    assert.equal(echo['name'], 'x');
    await send({ method: 'PUT', path: '/v1/hands/y', body: '{"count":3}' });
    assert.deepEqual(greeter.asked[1], { name: 'y', hands: { count: 3 } });
  });
});

test('without a body only the variables of the path are there', async () => {
  await withGreeter(async ({ send }, greeter) => {
    for (const [method, path] of [
      ['PUT', '/v1/hands/y?boolean_test=1'],
      ['POST', '/v1/messages/y?boolean_test=1'],
    ] as const) {
      const answer = await send({ method, path });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(greeter.asked.at(-1), { name: 'y' }, method);
    }
  });
});

for (const [body, expected] of [
  ['{"boolean_test"', /^decode json err: /],
  ['[1]', /^body must be a table$/],
  ['{"boolean_test":"yes"}', /^failed to encode payload$/],
  ['{"hands":{"endings":null}}', /^failed to encode payload$/],
  ['{"mood":"ANGRY"}', /^failed to encode payload$/],
] as const) {
  test(`the body ${body} is refused`, async () => {
    await withGreeter(async ({ send }, greeter) => {
      const answer = await send({ method: 'POST', path: '/v1/messages/x', body });
      assert.equal(answer.status, 400);
      assert.match(answer.text, expected);
      assert.equal(greeter.asked.length, 0);
    });
  });
}

test('what no rule binds is refused', async () => {
  await withGreeter(async ({ send }) => {
    const path = await send({ path: '/v2/x' });
    assert.equal(path.status, 400);
    assert.equal(path.text, 'failed to transcode .proto file Unknown path "/v2/x"');
    const method = await send({ method: 'DELETE', path: '/v1/messages/x' });
    assert.equal(method.text, 'failed to transcode .proto file Unknown method "DELETE"');
  });
});

test('a preflight is answered', async () => {
  await withGreeter(async ({ send }) => {
    const answer = await send({ method: 'OPTIONS', path: '/v1/messages/x' });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'OK');
    assert.deepEqual(answer.header('access-control-allow-methods'), ['GET,POST,PATCH,DELETE']);
  });
});

test('without a file nothing can be transcoded', async () => {
  await withGreeter(async ({ send }) => {
    const answer = await send({ path: '/v1/messages/x' });
    assert.equal(answer.status, 400);
    assert.equal(answer.text, 'transcoding requests require a .proto file defining the service');
  }, {});
});

for (const [code, status] of [
  [3, 400],
  [5, 404],
  [7, 403],
  [8, 429],
  [12, 500],
  [14, 503],
  [16, 401],
] as const) {
  test(`the outcome ${code} is status ${status}`, async () => {
    await withGreeter(async ({ send }) => {
      const answer = await send({ path: `/v1/fail/${code}` });
      assert.equal(answer.status, status);
      assert.deepEqual(answer.header('grpc-status'), [String(code)]);
    });
  });
}

test('messages of a stream follow each other', async () => {
  await withGreeter(async ({ send }) => {
    const answer = await send({ path: '/v1/many/x' });
    const replies = answer.text
      .replaceAll('}{', '}\n{')
      .split('\n')
      .map((line) => jsonOf(line)['reply']);
    assert.deepEqual(replies, ['one', 'two', 'three']);
  });
});

test('a file that is not there makes the instance refuse, and says so', async () => {
  await withGreeter(
    async ({ send, logs }) => {
      assert.equal((await send({ path: '/v1/messages/x' })).status, 500);
      assert.ok(logs.some((line) => line.includes('grpc-gateway cannot run with its configuration')));
    },
    { proto: '/nowhere/x.proto' },
  );
});

test('the bytes of messages are those of the usual library, both ways', () => {
  const type = greeterTypes().lookupType('fixture.v1.HelloRequest');
  const codec = new Codec(loadProtos(PROTO));
  const value: JsonObject = {
    name: 'näme',
    boolean_test: true,
    hands: { count: -5, endings: 'x' },
    mood: 'UPSET',
    big: '-9223372036854775808',
    tags: ['a', ''],
    counts: { one: 1, two: -2 },
    blob: Buffer.from('bytes').toString('base64'),
    low: -3,
    ratio: 0.1,
    fixed: '18446744073709551615',
    numbers: [1, 300, -1],
    maybe: '',
  };
  const theirs = type.encode(type.fromObject(value)).finish();
  const options = { longs: String, enums: String, bytes: String } as const;
  const ours = codec.encode('fixture.v1.HelloRequest', value);
  assert.deepEqual(type.toObject(type.decode(ours), options), type.toObject(type.decode(theirs), options));
  const decoded = codec.decode('fixture.v1.HelloRequest', theirs) as JsonObject;
  for (const [name, expected] of Object.entries(value)) assert.deepEqual(decoded[name], expected, name);
});

test('a duration keeps its sign, also below a second', () => {
  const codec = new Codec(loadProtos(PROTO));
  for (const wait of ['0s', '3s', '1.500s', '-0.500s', '-2.000001s', '0.000000001s']) {
    const message = codec.decode('fixture.v1.HelloRequest', codec.encode('fixture.v1.HelloRequest', { wait }));
    assert.equal((message as JsonObject)['wait'], wait);
  }
});
