// The phases beside those of a plain request: the handshake of TLS and the request for a WebSocket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { type CertificateExchange, definePlugin, exit, type Phases } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { startEcho, startStreams } from '../stream/rig.ts';
import { start, until } from './rig.ts';
import { handshake, onTls, pair, serverTls } from './tls-rig.ts';

const probe = (name: string, priority: number, phases: Phases) =>
  definePlugin({
    name,
    priority,
    version: '1.0.0',
    schema: {
      fields: {
        protocols: { type: 'set', default: ['http', 'https', 'tls'], elements: { type: 'string' } },
        config: { type: 'record', required: true, fields: {} },
      },
    } as never,
    handler: async () => ({ create: () => phases }),
  });

const stored = [{ ...pair('ec'), snis: [{ name: 'stored.test' }] }];

async function startWith(plugins: readonly ReturnType<typeof probe>[], content: object = {}) {
  const instances = plugins.map(({ name }) => ({ name }));
  return start(
    { certificates: stored, plugins: instances, ...content },
    { tls: serverTls, listen: [onTls], plugins: [...bundledPlugins, ...plugins] },
  );
}

test('certificate runs before a certificate is shown, and sees who calls and by which name', async () => {
  const seen: CertificateExchange[] = [];
  const running = await startWith([probe('watcher', 1, { certificate: (exchange) => void seen.push(exchange) })]);
  assert.equal((await handshake(running.port, { servername: 'Stored.test' })).name, 'upstream.test');
  assert.equal((await handshake(running.port, { servername: 'stored.test' })).name, 'ec.example.test');
  assert.equal((await handshake(running.port)).name, 'upstream.test');
  const { client, connection, certificateId } = seen[1]!;
  assert.equal(client.peerIp, '127.0.0.1');
  assert.ok(client.port > 0);
  assert.equal(connection.serverName, 'stored.test');
  assert.equal(connection.localAddress, '127.0.0.1');
  assert.equal(connection.localPort, running.port);
  assert.equal(certificateId, running.store.state.list('certificates')[0]!.id);
  assert.deepEqual([seen[2]!.connection.serverName, seen[2]!.certificateId], [undefined, undefined]);
  await running.close();
});

test('certificate may answer with a pair of its own, at once or later; the first in the order counts', async () => {
  const running = await startWith([
    probe('second', 1, { certificate: () => pair('ec2') }),
    probe('first', 2, {
      async certificate({ connection }) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return connection.serverName === 'mine.test' ? pair('rsa') : undefined;
      },
    }),
  ]);
  assert.equal((await handshake(running.port, { servername: 'mine.test' })).name, 'rsa.example.test');
  assert.equal((await handshake(running.port, { servername: 'stored.test' })).name, 'ec2.example.test');
  await running.close();
});

test('certificate may refuse the handshake; one that throws ends it too, and the log names the plugin', async () => {
  const running = await startWith([
    probe('strict', 2, {
      certificate: ({ connection }) => (connection.serverName === 'bad.test' ? 'refuse' : undefined),
    }),
    probe('faulty', 1, {
      async certificate({ connection }) {
        if (connection.serverName === 'worse.test') throw new Error('oh');
      },
    }),
  ]);
  await assert.rejects(handshake(running.port, { servername: 'bad.test' }));
  assert.deepEqual(running.logs, []);
  await assert.rejects(handshake(running.port, { servername: 'worse.test' }));
  assert.deepEqual(running.logs, ['error plugin faulty failed in certificate']);
  assert.equal((await handshake(running.port, { servername: 'stored.test' })).name, 'ec.example.test');
  await running.close();
});

test('a pair that is none is stood in for by the default certificate', async () => {
  const running = await startWith([probe('wrong', 1, { certificate: () => ({ cert: 'x', key: 'y' }) })]);
  assert.equal((await handshake(running.port, { servername: 'stored.test' })).name, 'upstream.test');
  assert.match(running.logs.join(), /certificate of plugin wrong cannot be used/);
  await running.close();
});

test('certificate runs for instances that act on everything only', async () => {
  let runs = 0;
  const plugin = probe('bound', 1, { certificate: () => void runs++ });
  const running = await startWith([plugin], {
    plugins: [],
    services: [{ name: 's', url: 'http://127.0.0.1:9', plugins: [{ name: 'bound' }] }],
  });
  await handshake(running.port, { servername: 'stored.test' });
  assert.equal(runs, 0);
  await running.close();
});

test('certificate runs for connections whose encryption ends here, and are passed through', async (t) => {
  const port = await startEcho(t, 'one');
  const plugin = probe('own', 1, {
    certificate: ({ connection }) => (connection.serverName === 'bad.test' ? 'refuse' : pair('rsa')),
  });
  const { ports } = await startStreams(
    t,
    {
      services: [
        {
          name: 's',
          protocol: 'tcp',
          host: '127.0.0.1',
          port,
          routes: [{ name: 'r', protocols: ['tls'], snis: ['*'] }],
        },
      ],
      plugins: [{ name: 'own' }],
    },
    [{ ssl: true }],
    { plugins: [...bundledPlugins, plugin] },
  );
  assert.equal((await handshake(ports[0]!, { servername: 'any.test' })).name, 'rsa.example.test');
  await assert.rejects(handshake(ports[0]!, { servername: 'bad.test' }));
});

async function startWebSocketServer() {
  const http = createServer((_request, response) => response.end('plain'));
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket, request) => {
    socket.send(String(request.headers['x-by']));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  after(() => {
    for (const client of server.clients) client.terminate();
    http.close();
    http.closeAllConnections();
  });
  return (http.address() as AddressInfo).port;
}

test('ws_handshake runs in place of access for requests that ask for a WebSocket, and for no others', async () => {
  const port = await startWebSocketServer();
  const seen: string[] = [];
  class Handler implements Phases {
    #calls = 0;
    access({ request }: Parameters<NonNullable<Phases['access']>>[0]) {
      this.#calls++;
      seen.push(`access ${request.path} ${this.#calls}`);
    }
    ws_handshake({ request, upstream }: Parameters<NonNullable<Phases['ws_handshake']>>[0]) {
      this.#calls++;
      seen.push(`ws ${request.path} ${this.#calls}`);
      if (request.path === '/no') return exit(403, { message: 'no sockets here' });
      upstream.setHeader('X-By', 'the handshake');
      return undefined;
    }
  }
  const only = probe('only', 1, { ws_handshake: ({ request }) => void seen.push(`only ${request.path}`) });
  const both = probe('both', 2, new Handler());
  const running = await start(
    {
      services: [
        { name: 's', url: `http://127.0.0.1:${port}`, routes: [{ name: 'r', paths: ['/'], strip_path: false }] },
      ],
      plugins: [{ name: 'both' }, { name: 'only' }],
    },
    { plugins: [...bundledPlugins, only, both] },
  );
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/yes`);
  const [data] = (await once(client, 'message')) as [unknown];
  assert.equal(String(data), 'the handshake');
  client.close();
  const refused = new WebSocket(`ws://127.0.0.1:${running.port}/no`);
  const [error] = (await once(refused, 'error')) as [Error];
  assert.match(error.message, /403/);
  const plain = await running.send('/plain', { headers: { upgrade: 'websocket' } });
  assert.equal(plain.status, 200);
  assert.deepEqual(seen, ['ws /yes 1', 'only /yes', 'ws /no 2', 'access /plain 3']);
  await running.close();
});

test('a phase that does not exist is told when the instance starts', async () => {
  const phases = { headerFilter: () => undefined } as Phases;
  const running = await start(
    { plugins: [{ name: 'odd' }] },
    { plugins: [...bundledPlugins, probe('odd', 1, phases)] },
  );
  await until(() => running.logs.length > 0, 'a line');
  assert.match(running.logs[0]!, /^warn \[odd\] 'headerFilter' is no phase and never runs; there are .*header_filter/);
  await running.close();
});

test('chunks of pre-function run in the handshake; one that throws ends it', async () => {
  const chunk = `let n = 0; return () => {
    n += 1;
    kong.log.warn('hello ', n, ' from ', kong.client.get_ip());
    if (n === 2) throw new Error('twice');
    if (n === 3) kong.request.get_path();
  }`;
  const running = await start(
    { certificates: stored, plugins: [{ name: 'pre-function', config: { certificate: [chunk] } }] },
    { tls: serverTls, listen: [onTls] },
  );
  assert.equal((await handshake(running.port, { servername: 'stored.test' })).name, 'ec.example.test');
  await assert.rejects(handshake(running.port, { servername: 'stored.test' }));
  await assert.rejects(handshake(running.port, { servername: 'stored.test' }));
  assert.deepEqual(running.logs, [
    'warn [pre-function] hello 1 from 127.0.0.1',
    'warn [pre-function] hello 2 from 127.0.0.1',
    'error plugin pre-function failed in certificate',
    'warn [pre-function] hello 3 from 127.0.0.1',
    'error plugin pre-function failed in certificate',
  ]);
  await running.close();
});

test('response may wait with the head of an answer while its body stays where it is, and then passes chunk by chunk', async () => {
  let sendRest: (() => void) | undefined;
  const upstream = createServer((request, response) => {
    response.setHeader('x-ask', request.url === '/ask' ? 'yes' : 'no');
    response.write('first ');
    if (request.url === '/short') return void response.end('last');
    sendRest = () => response.end('last');
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  after(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  let asked = 0;
  const plugin = probe('asking', 1, {
    needs_response: ({ response }) =>
      response.header('x-ask') === 'yes' || response.header('x-ask') === 'no' ? 'head' : false,
    async response({ response, request }) {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (request.header('x-refuse') !== undefined) return exit(418, 'no');
      response.setHeader('X-Found', 'it');
      return undefined;
    },
    body_filter: (_exchange, chunk) => Buffer.from(Buffer.from(chunk).toString().toUpperCase()),
  });
  const { port } = upstream.address() as AddressInfo;
  const running = await start(
    {
      services: [
        { name: 's', url: `http://127.0.0.1:${port}`, routes: [{ name: 'r', paths: ['/'], strip_path: false }] },
      ],
      plugins: [{ name: 'asking' }],
    },
    { plugins: [...bundledPlugins, plugin] },
  );
  const answer = await fetch(`http://127.0.0.1:${running.port}/ask`);
  assert.equal(answer.headers.get('x-found'), 'it');
  const reader = answer.body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'FIRST ');
  sendRest!();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'LAST');
  const short = await fetch(`http://127.0.0.1:${running.port}/short`);
  assert.deepEqual([short.headers.get('x-found'), await short.text()], ['it', 'FIRST LAST']);
  const refused = await fetch(`http://127.0.0.1:${running.port}/short`, { headers: { 'x-refuse': '1' } });
  assert.deepEqual([refused.status, await refused.text()], [418, 'NO']);
  assert.equal(asked, 3);
  await running.close();
});

test('an upstream that breaks off while its head is looked at breaks the answer off', async () => {
  const upstream = createServer((_request, response) => {
    response.setHeader('content-length', '100');
    response.write('first');
    setTimeout(() => response.destroy(), 10);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  after(() => upstream.close());
  const plugin = probe('slow', 1, {
    needs_response: () => 'head',
    response: () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100)),
  });
  const { port } = upstream.address() as AddressInfo;
  const running = await start(
    {
      services: [{ name: 's', url: `http://127.0.0.1:${port}`, retries: 0, routes: [{ name: 'r', paths: ['/'] }] }],
      plugins: [{ name: 'slow' }],
    },
    { plugins: [...bundledPlugins, plugin] },
  );
  await assert.rejects(fetch(`http://127.0.0.1:${running.port}/`).then((answer) => answer.text()));
  await running.close();
});
