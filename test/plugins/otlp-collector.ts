// A collector that speaks OTLP/HTTP with protobuf, and shows what it got as plain objects.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { first, messages, text } from './protobuf-reader.ts';

type Attributes = Record<string, string | number | boolean>;

export interface ReadSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly status: number | undefined;
}

export interface ReadLine {
  readonly severity: number;
  readonly text: string;
  readonly traceId: string | undefined;
  readonly isSampled: boolean;
  readonly attributes: Attributes;
}

export interface Collector {
  readonly port: number;
  readonly spans: ReadSpan[];
  readonly lines: ReadLine[];
  readonly resources: Attributes[];
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

export async function startCollector(statusOf: (index: number) => number = () => 200): Promise<Collector> {
  const spans: ReadSpan[] = [];
  const lines: ReadLine[] = [];
  const resources: Attributes[] = [];
  const requests: Collector['requests'] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = statusOf(requests.length);
    requests.push({ url: request.url!, headers: request.headers });
    response.writeHead(status).end();
    if (status !== 200) return;
    for (const one of messages(Buffer.concat(chunks), 1)) {
      for (const resource of messages(one, 1)) resources.push(attributes(resource, 1));
      for (const scoped of messages(one, 2)) {
        if (request.url === '/v1/logs') lines.push(...messages(scoped, 2).map(readLine));
        else spans.push(...messages(scoped, 2).map(readSpan));
      }
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    spans,
    lines,
    resources,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const hex = (value: bigint | Buffer | undefined): string | undefined => (value as Buffer | undefined)?.toString('hex');

const readSpan = (bytes: Buffer): ReadSpan => ({
  traceId: hex(first(bytes, 1))!,
  spanId: hex(first(bytes, 2))!,
  parentId: hex(first(bytes, 4)),
  name: text(bytes, 5)!,
  kind: Number(first(bytes, 6)),
  start: (first(bytes, 7) as Buffer).readBigUInt64LE(),
  end: (first(bytes, 8) as Buffer).readBigUInt64LE(),
  attributes: attributes(bytes, 9),
  events: messages(bytes, 11).map((event) => ({ name: text(event, 2)!, attributes: attributes(event, 3) })),
  status: messages(bytes, 15).map((status) => Number(first(status, 3)))[0],
});

const readLine = (bytes: Buffer): ReadLine => ({
  severity: Number(first(bytes, 2)),
  text: text(first(bytes, 5) as Buffer, 1)!,
  traceId: hex(first(bytes, 9)),
  isSampled: first(bytes, 8) !== undefined,
  attributes: attributes(bytes, 6),
});

function attributes(bytes: Buffer, number: number): Attributes {
  return Object.fromEntries(
    messages(bytes, number).map((pair) => {
      const value = first(pair, 2) as Buffer;
      const double = first(value, 4) as Buffer | undefined;
      const whole = first(value, 3);
      return [text(pair, 1)!, double?.readDoubleLE() ?? (whole === undefined ? text(value, 1)! : Number(whole))];
    }),
  );
}
