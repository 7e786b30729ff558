// A real upstream that answers with what it was asked, and keeps it for the test to look at.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../src/lib/json.ts';

export interface EchoUpstream {
  readonly port: number;
  /** Every request that arrived, oldest first. */
  readonly requests: EchoedRequest[];
  close(): Promise<void>;
}

export interface EchoedRequest {
  readonly method: string;
  readonly uri: string;
  /** Lower-case names; repeated lines as a list. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/**
 * `/status/<n>` answers that status; `/response-headers?k=v` answers with those headers; `/reflect?k=v` too, with the body and
 * the content type of the request.
 */
export async function startEcho(): Promise<EchoUpstream> {
  const requests: EchoedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const echoed = describe(request, Buffer.concat(chunks).toString('utf8'));
      requests.push(echoed);
      answer(response, echoed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails before it can close this server shall end all the same.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function describe(request: IncomingMessage, body: string): EchoedRequest {
  const headers: Record<string, string | string[]> = {};
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    headers[name] = values.length === 1 ? values[0]! : values;
  }
  return { method: request.method!, uri: request.url!, headers, body };
}

function answer(response: ServerResponse, echoed: EchoedRequest): void {
  const { pathname, searchParams } = new URL(echoed.uri, 'http://echo');
  if (pathname === '/response-headers' || pathname === '/reflect') {
    for (const [name, value] of searchParams) response.appendHeader(name, value);
  }
  response.statusCode = Number(/^\/status\/(\d{3})$/.exec(pathname)?.[1] ?? 200);
  if (pathname === '/reflect') {
    response.setHeader('Content-Type', echoed.headers['content-type'] ?? 'text/plain');
    response.end(echoed.body);
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(echoed satisfies object as unknown as JsonObject));
}
