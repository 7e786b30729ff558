// A gRPC server made with the usual library, and a second opinion on the bytes of its messages.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';

export const PROTO = fileURLToPath(new URL('../../fixtures/grpc/greeter.proto', import.meta.url));

export interface Greeter {
  readonly port: number;
  readonly asked: Record<string, unknown>[];
  readonly metadata: Record<string, unknown>[];
  close(): void;
}

/** Types of the fixture as the usual library understands them. */
export function greeterTypes(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) =>
    target.startsWith('google/') ? null : (protobuf.util.path.resolve(origin, target) as string);
  root.loadSync(PROTO, { keepCase: true });
  return root;
}

export async function startGreeter(): Promise<Greeter> {
  const root = greeterTypes();
  const request = root.lookupType('fixture.v1.HelloRequest');
  const reply = root.lookupType('fixture.v1.HelloReply');
  const asked: Record<string, unknown>[] = [];
  const metadata: Record<string, unknown>[] = [];
  const method = (name: string, responseStream = false) => ({
    path: `/fixture.v1.Greeter/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
    requestDeserialize: (bytes: Buffer) =>
      request.toObject(request.decode(bytes), { longs: String, enums: String, bytes: String }),
    responseSerialize: (value: object) => Buffer.from(reply.encode(reply.fromObject(value)).finish()),
    responseDeserialize: (bytes: Buffer) => reply.toObject(reply.decode(bytes)),
  });
  const server = new grpc.Server();
  const note = (call: { request: unknown; metadata: grpc.Metadata }): Record<string, unknown> => {
    asked.push(call.request as Record<string, unknown>);
    metadata.push(call.metadata.getMap());
    return call.request as Record<string, unknown>;
  };
  server.addService(
    { SayHello: method('SayHello'), Fail: method('Fail'), Many: method('Many', true) } as never,
    {
      SayHello: (call: never, done: grpc.sendUnaryData<object>) => {
        const got = note(call);
        done(null, { reply: `hello ${String(got['name'])}`, boolean_test: got['boolean_test'] === true, echo: got });
      },
      Fail: (call: never, done: grpc.sendUnaryData<object>) => {
        const got = note(call);
        done({ code: Number(got['name']), details: 'as asked' } as grpc.ServiceError);
      },
      Many: (call: never) => {
        const stream = call as grpc.ServerWritableStream<object, object>;
        note(stream as never);
        for (const reply of ['one', 'two', 'three']) stream.write({ reply });
        stream.end();
      },
    } as never,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, asked, metadata, close: () => server.forceShutdown() };
}
