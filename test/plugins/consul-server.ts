// The key-value part of Consul's HTTP API, in memory: flags, check-and-set, a token.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ConsulServer {
  readonly port: number;
  readonly entries: ReadonlyMap<string, { readonly value: string; readonly flags: number; readonly index: number }>;
  close(): Promise<void>;
}

export async function startConsul(token: string): Promise<ConsulServer> {
  const entries = new Map<string, { value: string; flags: number; index: number }>();
  let index = 10;
  const server = createServer(async (request, response) => {
    let value = '';
    for await (const chunk of request) value += String(chunk);
    const url = new URL(request.url!, 'http://consul');
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.headers['x-consul-token'] !== token) return answer(403, 'Permission denied');
    if (!url.pathname.startsWith('/v1/kv/') || url.pathname.includes('//')) return answer(404, 'no such thing');
    const key = decodeURIComponent(url.pathname.slice('/v1/kv/'.length));
    const known = entries.get(key);
    if (request.method === 'GET' && url.searchParams.has('keys')) {
      const keys = [...entries.keys()].filter((one) => one.startsWith(key));
      return keys.length === 0 ? answer(404, '') : answer(200, keys);
    }
    if (request.method === 'GET') {
      if (known === undefined) return answer(404, '');
      const Value = Buffer.from(known.value).toString('base64');
      const { flags: Flags, index: ModifyIndex } = known;
      return answer(200, [{ LockIndex: 0, Key: key, Flags, Value, CreateIndex: ModifyIndex, ModifyIndex }]);
    }
    if (request.method === 'DELETE') {
      entries.delete(key);
      return answer(200, true);
    }
    const cas = url.searchParams.get('cas');
    if (cas !== null && Number(cas) !== (known?.index ?? 0)) return answer(200, false);
    entries.set(key, { value, flags: Number(url.searchParams.get('flags') ?? 0), index: ++index });
    return answer(200, true);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    entries,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
