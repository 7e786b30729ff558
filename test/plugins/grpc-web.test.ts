import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { FrameReader, frame } from '../../src/plugins/shared/grpc/frames.ts';
import { type Running, start } from './gateway-fixture.ts';
import { type Greeter, greeterTypes, PROTO, startGreeter } from './greeter-server.ts';

const GRPC_SERVICE = 'b0000000-0000-4000-8000-000000000009';
const PATH = '/fixture.v1.Greeter/SayHello';
const TRAILERS = 'grpc-status:0\r\ngrpc-message:OK\r\n';

async function withGreeter(
  run: (running: Running, greeter: Greeter) => Promise<void>,
  config: JsonObject = {},
  route: JsonObject = { paths: ['/'] },
) {
  const greeter = await startGreeter();
  const running = await start({
    routes: { unused: ['/unused'] },
    entities: {
      services: [{ id: GRPC_SERVICE, name: 'grpc', url: `grpc://127.0.0.1:${greeter.port}` }],
      routes: [{ name: 'grpc', service: { id: GRPC_SERVICE }, ...route }],
    },
    plugins: [{ name: 'grpc-web', config }],
  });
  try {
    await run(running, greeter);
  } finally {
    await running.close();
    greeter.close();
  }
}

const types = greeterTypes();
const REQUEST = types.lookupType('fixture.v1.HelloRequest');
const REPLY = types.lookupType('fixture.v1.HelloReply');
const hello = (name: string): Buffer => frame(REQUEST.encode({ name }).finish());

/** Bytes of the answer. */
function post(
  { gateway }: Running,
  type: string,
  body: Buffer,
  path = PATH,
): Promise<{ status: number; type: string | undefined; bytes: Buffer }> {
  const { port } = gateway.addresses[0]!;
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': type, 'Content-Length': body.length };
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method: 'POST', path, headers, agent: false },
      async (incoming) => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
        resolve({ status: incoming.statusCode!, type: incoming.headers['content-type'], bytes: Buffer.concat(chunks) });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const replyOf = (message: Buffer): unknown => REPLY.toObject(REPLY.decode(message))['reply'];

for (const type of ['application/grpc-web', 'application/grpc-web+proto']) {
  test(`${type}: messages pass, the trailers become the last frame`, async () => {
    await withGreeter(async (running, greeter) => {
      const answer = await post(running, type, hello('web'));
      assert.equal(answer.status, 200);
      assert.equal(answer.type, type);
      const [message, trailers, ...more] = new FrameReader().push(answer.bytes);
      assert.equal(replyOf(message!.message), 'hello web');
      assert.equal(trailers!.flag, 0x80);
      assert.equal(trailers!.message.toString(), TRAILERS);
      assert.equal(more.length, 0);
      assert.equal(greeter.asked[0]!['name'], 'web');
    });
  });
}

for (const type of ['application/grpc-web-text', 'application/grpc-web-text+proto']) {
  test(`${type}: everything is base64, piece by piece`, async () => {
    await withGreeter(async (running) => {
      const answer = await post(running, type, Buffer.from(hello('text').toString('base64')));
      assert.equal(answer.type, type);
      const text = answer.bytes.toString();
      const bytes = Buffer.concat((text.match(/[^=]+=*/g) ?? []).map((part) => Buffer.from(part, 'base64')));
      const [message, trailers] = new FrameReader().push(bytes);
      assert.equal(replyOf(message!.message), 'hello text');
      assert.equal(trailers!.message.toString(), TRAILERS);
    });
  });
}

test('application/json: bare JSON both ways', async () => {
  await withGreeter(
    async (running) => {
      const answer = await post(running, 'application/json', Buffer.from('{"name":"json"}'));
      assert.equal(answer.type, 'application/json');
      assert.equal((JSON.parse(answer.bytes.toString()) as JsonObject)['reply'], 'hello json');
    },
    { proto: PROTO },
  );
});

test('application/grpc-web+json: framed JSON and framed trailers', async () => {
  await withGreeter(
    async (running) => {
      const answer = await post(running, 'application/grpc-web+json', frame(Buffer.from('{"name":"framed"}')));
      const [message, trailers] = new FrameReader().push(answer.bytes);
      assert.equal((JSON.parse(message!.message.toString()) as JsonObject)['reply'], 'hello framed');
      assert.equal(trailers!.message.toString(), TRAILERS);
    },
    { proto: PROTO },
  );
});

// Percent-encoded, as gRPC sends it.
test('an outcome without messages is in the trailers too', async () => {
  await withGreeter(async (running) => {
    const answer = await post(running, 'application/grpc-web', hello('5'), '/fixture.v1.Greeter/Fail');
    const [trailers] = new FrameReader().push(answer.bytes);
    assert.equal(trailers!.message.toString(), 'grpc-status:5\r\ngrpc-message:as%20asked\r\n');
  });
});

for (const [type, config, body, expected] of [
  ['application/json', {}, '{}', 'transcoding requests require a .proto file defining the service'],
  ['text/plain', {}, 'x', 'transcoding requests require a .proto file defining the service'],
  ['application/json', { proto: PROTO }, '{"name":1}', 'failed to encode payload'],
  ['application/grpc-web-text', {}, '???', 'the body is not base64'],
] as const) {
  test(`${type} ${body} is refused: ${expected}`, async () => {
    await withGreeter(async (running, greeter) => {
      const answer = await post(running, type, Buffer.from(body));
      assert.equal(answer.status, 400);
      assert.equal(answer.bytes.toString(), expected);
      assert.equal(greeter.asked.length, 0);
    }, config);
  });
}

test('an unknown method is refused where the file must know it', async () => {
  await withGreeter(
    async (running) => {
      const answer = await post(running, 'application/json', Buffer.from('{}'), '/nope/Nope');
      assert.equal(answer.status, 400);
      assert.equal(answer.bytes.toString(), 'Unknown path "/nope/Nope"');
    },
    { proto: PROTO },
  );
});

test('with pass_stripped_path the method is named by the path that goes upstream', async () => {
  await withGreeter(
    async (running) => {
      const answer = await post(running, 'application/json', Buffer.from('{"name":"deep"}'), `/api${PATH}`);
      assert.equal((JSON.parse(answer.bytes.toString()) as JsonObject)['reply'], 'hello deep');
    },
    { proto: PROTO, pass_stripped_path: true },
    { paths: ['/api'], strip_path: true },
  );
});

test('a preflight is answered with the origin that is configured', async () => {
  await withGreeter(
    async ({ send }) => {
      const answer = await send({ method: 'OPTIONS', path: PATH });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.header('access-control-allow-origin'), ['https://app.test']);
      assert.deepEqual(answer.header('access-control-allow-headers'), ['content-type,x-grpc-web,x-user-agent']);
    },
    { allow_origin_header: 'https://app.test' },
  );
});
