// gRPC through the gateway, with a real client and a real server: all four kinds of calls, statuses, trailers, deadlines.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { connectFrames, END_HEADERS, FRAME, frame, headers } from './http2-frames.ts';
import { deadPort, echo, type Running, start, startUpstream, until } from './rig.ts';
import { onTls, pem, serverTls } from './tls-rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

const bytes = { serialize: (text: string) => Buffer.from(text), deserialize: (buffer: Buffer) => buffer.toString() };
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
});

const SERVICE = {
  Unary: method('Unary', false, false),
  Many: method('Many', false, true),
  Gather: method('Gather', true, false),
  Chat: method('Chat', true, true),
};

interface Server {
  readonly port: number;
  /** Metadata of the calls so far. */
  readonly calls: grpc.Metadata[];
  readonly cancelled: string[];
  close(): void;
}

async function startGrpc(credentials = grpc.ServerCredentials.createInsecure()): Promise<Server> {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 32_000_000 });
  const calls: grpc.Metadata[] = [];
  const cancelled: string[] = [];
  server.addService(
    SERVICE as unknown as grpc.ServiceDefinition,
    {
      Unary(call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) {
        calls.push(call.metadata);
        call.on('cancelled', () => cancelled.push(call.request));
        const trailers = new grpc.Metadata();
        trailers.set('x-trailer', 'behind');
        const lead = new grpc.Metadata();
        lead.set('x-lead', 'ahead');
        if (call.request === 'never') return;
        if (call.request === 'fail') {
          done({ code: grpc.status.FAILED_PRECONDITION, details: 'not now', metadata: trailers });
          return;
        }
        call.sendMetadata(lead);
        done(null, `got ${call.request}`, trailers);
      },
      Many(call: grpc.ServerWritableStream<string, string>) {
        calls.push(call.metadata);
        for (let i = 0; i < Number(call.request); i++) call.write(`item ${i}`);
        call.end();
      },
      Gather(call: grpc.ServerReadableStream<string, string>, done: grpc.sendUnaryData<string>) {
        calls.push(call.metadata);
        let size = 0;
        call.on('data', (text: string) => (size += text.length));
        call.on('end', () => done(null, String(size)));
      },
      Chat(call: grpc.ServerDuplexStream<string, string>) {
        calls.push(call.metadata);
        call.on('data', (text: string) => call.write(`you said ${text}`));
        call.on('end', () => call.end());
      },
    } as unknown as grpc.UntypedServiceImplementation,
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  const close = (): void => server.forceShutdown();
  open.push(close);
  return { port, calls, cancelled, close };
}

const content = (port: number, { service = {}, route = {} }: { service?: object; route?: object } = {}) => ({
  services: [
    {
      name: 's',
      host: '127.0.0.1',
      port,
      protocol: 'grpc',
      ...service,
      routes: [{ name: 'r', protocols: ['grpc', 'grpcs'], paths: ['/'], ...route }],
    },
  ],
});

const Client = grpc.makeGenericClientConstructor(SERVICE as unknown as grpc.ServiceDefinition, 'Echo');

interface EchoClient extends grpc.Client {
  Unary(text: string, ...rest: unknown[]): grpc.ClientUnaryCall;
  Many(text: string): grpc.ClientReadableStream<string>;
  Gather(done: (error: grpc.ServiceError | null, text?: string) => void): grpc.ClientWritableStream<string>;
  Chat(): grpc.ClientDuplexStream<string, string>;
}

function client(port: number, credentials = grpc.credentials.createInsecure(), options: object = {}): EchoClient {
  const made = new Client(`127.0.0.1:${port}`, credentials, {
    'grpc.max_receive_message_length': 32_000_000,
    ...options,
  }) as unknown as EchoClient;
  open.push(() => made.close());
  return made;
}

interface Outcome {
  readonly text: string | undefined;
  readonly code: number;
  readonly details: string;
  readonly lead: grpc.Metadata | undefined;
  readonly trailers: grpc.Metadata | undefined;
}

function unary(
  on: EchoClient,
  text: string,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    let lead: grpc.Metadata | undefined;
    let answer: string | undefined;
    const call = on.Unary(text, metadata, options, (_error: grpc.ServiceError | null, value?: string) => {
      answer = value;
    });
    call.on('metadata', (received: grpc.Metadata) => (lead = received));
    call.on('status', ({ code, details, metadata: trailers }: grpc.StatusObject) =>
      setImmediate(() => resolve({ text: answer, code, details, lead, trailers })),
    );
  });
}

test('a call goes through, metadata and trailers with it', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const metadata = new grpc.Metadata();
  metadata.set('x-mine', 'yes');
  metadata.set('x-bytes-bin', Buffer.from([0, 255, 10]));
  const outcome = await unary(client(running.port), 'hello', metadata);
  assert.equal(outcome.text, 'got hello');
  assert.equal(outcome.code, grpc.status.OK);
  assert.deepEqual(outcome.trailers?.get('x-trailer'), ['behind']);
  assert.deepEqual(outcome.lead?.get('x-lead'), ['ahead']);
  assert.deepEqual(outcome.lead?.get('via'), ['2 kong/3.10.0']);
  const [seen] = server.calls;
  assert.deepEqual(seen!.get('x-mine'), ['yes']);
  assert.deepEqual(seen!.get('x-bytes-bin'), [Buffer.from([0, 255, 10])]);
  assert.deepEqual(seen!.get('x-forwarded-proto'), ['http']);
  assert.deepEqual(seen!.get('via'), ['2 kong/3.10.0']);
  const [line] = running.access;
  assert.equal(line!.status, 200);
  assert.equal(line!.uri, '/test.Echo/Unary');
  await running.close();
});

test("a status of the upstream is the client's, with details and trailers", async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const outcome = await unary(client(running.port), 'fail');
  assert.equal(outcome.code, grpc.status.FAILED_PRECONDITION);
  assert.equal(outcome.details, 'not now');
  assert.deepEqual(outcome.trailers?.get('x-trailer'), ['behind']);
  const unknown = await unary(
    new (grpc.makeGenericClientConstructor(
      { Unary: { ...SERVICE.Unary, path: '/test.Echo/Nothing' } } as unknown as grpc.ServiceDefinition,
      'Echo',
    ))(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure()) as unknown as EchoClient,
    'x',
  );
  assert.equal(unknown.code, grpc.status.UNIMPLEMENTED);
  await running.close();
});

test('the server may send many messages', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const items: string[] = [];
  const call = client(running.port).Many('2000');
  call.on('data', (item: string) => items.push(item));
  const [status] = (await once(call, 'status')) as [grpc.StatusObject];
  assert.equal(status.code, grpc.status.OK);
  await until(() => items.length === 2000, 'all are here');
  assert.equal(items[1999], 'item 1999');
  await running.close();
});

test('the client may send many messages, and large ones', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const answer = new Promise<string | undefined>((resolve, reject) => {
    const call = client(running.port).Gather((error, text) => (error === null ? resolve(text) : reject(error)));
    for (let i = 0; i < 10; i++) call.write('x'.repeat(1_000_000));
    call.end();
  });
  assert.equal(await answer, '10000000');
  await running.close();
});

test('both may talk in turn while neither has ended', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const call = client(running.port).Chat();
  for (const word of ['one', 'two', 'three']) {
    const answer = once(call, 'data');
    call.write(word);
    assert.deepEqual(await answer, [`you said ${word}`]);
  }
  call.end();
  call.resume();
  const [status] = (await once(call, 'status')) as [grpc.StatusObject];
  assert.equal(status.code, grpc.status.OK);
  await running.close();
});

test('many calls at once share a connection to the upstream', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const on = client(running.port);
  const outcomes = await Promise.all(Array.from({ length: 300 }, (_, i) => unary(on, `call ${i}`)));
  assert.ok(outcomes.every(({ text }, i) => text === `got call ${i}`));
  const peers = new Set(server.calls.map((call) => call.get('x-forwarded-for').join()));
  assert.deepEqual([...peers], ['127.0.0.1']);
  await running.close();
});

test('over TLS on both sides', async () => {
  const server = await startGrpc(
    grpc.ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(pem('tls', 'upstream')), private_key: Buffer.from(pem('tls', 'upstream.key')) },
    ]),
  );
  const ca = '00000000-0000-4000-8000-00000000000a';
  const running = await start(
    {
      ca_certificates: [{ id: ca, cert: pem('tls', 'ca') }],
      services: [
        {
          name: 's',
          host: 'localhost',
          port: server.port,
          protocol: 'grpcs',
          routes: [{ name: 'r', protocols: ['grpcs'], paths: ['/'] }],
        },
      ],
    },
    { http2: true, tls: serverTls, listen: [onTls] },
  );
  const credentials = grpc.credentials.createSsl(Buffer.from(pem('tls', 'ca')));
  const on = client(running.port, credentials, { 'grpc.ssl_target_name_override': 'upstream.test' });
  const outcome = await unary(on, 'secret');
  assert.equal(outcome.text, 'got secret');
  assert.deepEqual(server.calls[0]!.get('x-forwarded-proto'), ['https']);
  await running.close();
});

test('a deadline of the client ends the call at the upstream', async () => {
  const server = await startGrpc();
  const running = await start(content(server.port), { http2: true });
  const outcome = await unary(client(running.port), 'never', new grpc.Metadata(), { deadline: Date.now() + 300 });
  assert.equal(outcome.code, grpc.status.DEADLINE_EXCEEDED);
  await until(() => server.cancelled.includes('never'), 'the upstream is told');
  await running.close();
});

test('an upstream that cannot be reached, or does not answer in time, is a status of gRPC', async () => {
  const running = await start(content(await deadPort(), { service: { retries: 1 } }), { http2: true });
  const outcome = await unary(client(running.port), 'x');
  assert.equal(outcome.code, grpc.status.INTERNAL);
  assert.equal(running.access[0]!.tries, 2);
  await running.close();
  const server = await startGrpc();
  const slow = await start(content(server.port, { service: { read_timeout: 200, retries: 0 } }), { http2: true });
  const late = await unary(client(slow.port), 'never');
  assert.equal(late.code, grpc.status.DEADLINE_EXCEEDED);
  assert.equal(late.details, 'The upstream server is timing out');
  await slow.close();
});

test('an upstream that dies in the middle of its answer is no success', async () => {
  const upstream = http2.createServer();
  upstream.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond({ 'content-type': 'application/grpc' });
    stream.write(Buffer.from([0, 0, 0, 0, 5, 1]));
    setTimeout(() => stream.session?.destroy(), 50);
  });
  upstream.on('sessionError', () => undefined);
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  open.push(() => upstream.close());
  const running = await start(content((upstream.address() as AddressInfo).port), { http2: true });
  const outcome = await unary(client(running.port), 'x');
  assert.notEqual(outcome.code, grpc.status.OK);
  await running.close();
});

test('a stream that the upstream refuses goes to it once more', async () => {
  let streams = 0;
  const upstream = http2.createServer();
  upstream.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    if (++streams === 1) {
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    stream.respond({ 'content-type': 'application/grpc', 'grpc-status': 5 }, { endStream: true });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  open.push(() => upstream.close());
  const running = await start(content((upstream.address() as AddressInfo).port), { http2: true });
  const session = http2.connect(`http://127.0.0.1:${running.port}`);
  open.push(() => session.destroy());
  const stream = session.request(
    { ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc', te: 'trailers' },
    { endStream: true },
  );
  const [lines] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  assert.equal(lines['grpc-status'], '5');
  assert.equal(lines['content-length'], undefined);
  assert.equal(streams, 2);
  await running.close();
});

const ask = async (running: Running, contentType: string | undefined) =>
  running.send('/x', {
    method: 'POST',
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    body: '',
  });

test('a gRPC route refuses other content, and gRPC in HTTP/1.1', async () => {
  const running = await start(content(await deadPort()), { http2: true });
  const other = await ask(running, 'application/json');
  assert.equal(other.status, 415);
  assert.equal((JSON.parse(other.text) as { message: string }).message, 'Non-gRPC request matched gRPC route');
  assert.equal((await ask(running, undefined)).status, 415);
  const old = await ask(running, 'application/grpc');
  assert.equal(old.status, 426);
  assert.equal((JSON.parse(old.text) as { message: string }).message, 'Please use HTTP2 protocol');
  assert.equal(old.headers['upgrade'], 'HTTP/2');
  await running.close();
});

test('a route for grpcs only refuses clear text in the words of gRPC', async () => {
  const running = await start(content(await deadPort(), { route: { protocols: ['grpcs'] } }), { http2: true });
  const outcome = await unary(client(running.port), 'x');
  assert.equal(outcome.code, grpc.status.CANCELLED);
  assert.equal(outcome.details, 'gRPC request matched gRPCs route');
  assert.equal(running.access[0]!.status, 200);
  await running.close();
});

test('no route is a status of gRPC too', async () => {
  const running = await start({}, { http2: true });
  const outcome = await unary(client(running.port), 'x');
  assert.equal(outcome.code, grpc.status.NOT_FOUND);
  assert.equal(outcome.details, 'no Route matched with those values');
  await running.close();
});

test('trailers of the client reach the upstream', async () => {
  let trailers: http2.IncomingHttpHeaders | undefined;
  const upstream = http2.createServer();
  upstream.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('trailers', (lines) => (trailers = lines));
    stream.resume();
    stream.on('end', () => stream.respond({ 'grpc-status': 0 }, { endStream: true }));
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  open.push(() => upstream.close());
  const running = await start(content((upstream.address() as AddressInfo).port), { http2: true });
  const raw = connectFrames(running.port);
  raw.send(
    headers(
      1,
      [
        [':method', 'POST'],
        [':scheme', 'http'],
        [':path', '/x'],
        [':authority', 'a.test'],
        ['content-type', 'application/grpc'],
      ],
      END_HEADERS,
    ),
    frame(FRAME.data, 0, 1, Buffer.from('hello')),
    headers(1, [
      ['x-last', 'words'],
      ['x-consumer-username', 'admin'],
      ['x_credential_identifier', 'admin'],
      ['x-forwarded-for', '10.0.0.1'],
      ['host', 'evil.test'],
    ]),
  );
  await until(() => trailers !== undefined, 'the trailers arrive');
  assert.equal(trailers!['x-last'], 'words');
  assert.deepEqual(Object.keys(trailers!), ['x-last']);
  raw.socket.destroy();
  await running.close();
});

test('an http service never gets HTTP/2, and its trailers are not invented', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }] },
    { http2: true },
  );
  const session = http2.connect(`http://127.0.0.1:${running.port}`);
  open.push(() => session.destroy());
  const stream = session.request({ ':path': '/x', te: 'trailers' });
  let trailers = false;
  stream.on('trailers', () => (trailers = true));
  stream.resume();
  await once(stream, 'close');
  assert.equal(trailers, false);
  assert.deepEqual(upstream.seen, ['GET /x']);
  await running.close();
  await upstream.close();
});
