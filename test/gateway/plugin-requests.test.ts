// What a plugin reads of a request's body and decides of its way upstream: content by its type, TLS of one request, other
// targets between tries; and that what comes too late is refused.
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { definePlugin, exit, type ParsedBody, type Phases, type UpstreamTls } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { deadPort, echo, type Running, sendRaw, start, startUpstream } from './rig.ts';
import { pem } from './tls-rig.ts';

const probe = (phases: Phases, name = 'probe') =>
  definePlugin({
    name,
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({ create: () => phases }),
  });

async function withPhases(
  phases: Phases,
  service: object,
  run: (running: Running) => Promise<void>,
  more: object = {},
): Promise<void> {
  const plugins = [...bundledPlugins, probe(phases)];
  const routes = [{ name: 'r', paths: ['/'], strip_path: false }];
  const running = await start(
    { services: [{ name: 's', routes, plugins: [{ name: 'probe' }], ...service }], ...more },
    { plugins },
  );
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const at = (port: number): object => ({ url: `http://127.0.0.1:${port}` });

test('a body is read as its type says: form, JSON, parts', async () => {
  const upstream = await startUpstream((_request, response, body) => response.end(body));
  const read: ParsedBody[] = [];
  const phases: Phases = {
    async access({ request }) {
      read.push(await request.content());
    },
  };
  await withPhases(phases, at(upstream.port), async ({ send }) => {
    const post = (type: string, body: string) => send('/', { method: 'POST', headers: { 'content-type': type }, body });
    const form = 'a=1&b&a=%C3%A9+x&__proto__=y';
    assert.equal(
      (await post('application/x-www-form-urlencoded; charset=utf-8', form)).text,
      form,
      'it goes on as it was',
    );
    assert.equal(read[0]!.kind, 'form');
    assert.deepEqual(Object.entries(read[0]!.kind === 'form' ? read[0]!.fields : {}), [
      ['a', ['1', 'é x']],
      ['b', true],
      ['__proto__', 'y'],
    ]);
    await post('application/json', '[1,{"a":null}]');
    assert.deepEqual(read[1], { kind: 'json', value: [1, { a: null }] });
    await post(
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--x--\r\n',
    );
    const parts = read[2]!.kind === 'multipart' ? read[2]!.parts : [];
    assert.deepEqual(
      parts.map(({ name, body }) => [name, body.toString()]),
      [['f', 'v']],
    );
  });
});

test('why a body cannot be read is told, without a word of the body', async () => {
  const upstream = await startUpstream(echo);
  const read: ParsedBody[] = [];
  const phases: Phases = {
    async access({ request }) {
      read.push(await request.content({ bytes: 20, fields: 2 }));
    },
  };
  await withPhases(phases, at(upstream.port), async ({ send }) => {
    const post = async (type: string | undefined, body: string): Promise<unknown> => {
      const headers = type === undefined ? {} : { 'content-type': type };
      assert.equal((await send('/', { method: 'POST', headers, body })).status, 200);
      const { kind, reason, message } = read.at(-1) as Extract<ParsedBody, { kind: 'unusable' }>;
      assert.equal(kind, 'unusable');
      return [reason, message];
    };
    assert.deepEqual(await post(undefined, 'x'), ['no type', 'missing content type']);
    assert.deepEqual(await post('text/plain', 'x'), ['unsupported type', "unsupported content type 'text/plain'"]);
    assert.deepEqual(await post('application/json', '{"secret":'), ['malformed', 'invalid json body']);
    assert.deepEqual(await post('multipart/form-data', 'x'), ['malformed', 'invalid multipart body']);
    assert.deepEqual(await post('application/json', `"${'x'.repeat(19)}"`), ['too large', 'request body is too large']);
    assert.deepEqual(await post('application/x-www-form-urlencoded', 'a=1&b=2&c=3'), [
      'too large',
      'request body has too many fields',
    ]);
  });
});

test('content and query are written in the format that they have', async () => {
  const upstream = await startUpstream((request, response, body) => {
    response.end(JSON.stringify([request.headers['content-type'], request.url, body]));
  });
  const phases: Phases = {
    async access({ request, upstream: sent }) {
      const content = await request.content();
      if (content.kind === 'form') content.fields['added'] = ['1', 'é'];
      if (content.kind !== 'unusable') sent.setContent(content);
      if (request.path === '/json') sent.setContent({ kind: 'json', value: { a: 1 } });
      if (request.path === '/form') sent.setQuery({ b: ['1', '2'], a: true });
      else sent.removeQueryArgument('x');
    },
  };
  await withPhases(phases, at(upstream.port), async ({ send }) => {
    const post = async (path: string, type: string, body: string) =>
      JSON.parse((await send(path, { method: 'POST', headers: { 'content-type': type }, body })).text);
    assert.deepEqual(await post('/form?x=1', 'application/x-www-form-urlencoded', 'z=1'), [
      'application/x-www-form-urlencoded',
      '/form?a&b=1&b=2',
      'added=1&added=%C3%A9&z=1',
    ]);
    assert.deepEqual(await post('/json?x=1&y=2&x=3', 'text/plain', 'z'), ['application/json', '/json?y=2', '{"a":1}']);
    const multipart = '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--x--\r\n';
    const [type, , body] = await post('/', 'multipart/form-data; boundary=x', multipart);
    const boundary = /^multipart\/form-data; boundary=([0-9a-f]{36})$/.exec(type)![1]!;
    assert.equal(body, multipart.replaceAll('--x', `--${boundary}`));
  });
});

test('changes that come too late are mistakes of the plugin, and are told with its name', async () => {
  const upstream = await startUpstream(echo);
  const late: Record<string, unknown> = {};
  // As a plugin without types would: the exchange of an earlier phase is kept.
  const phases: Phases = {
    access(exchange) {
      late['exchange'] = exchange;
    },
    header_filter() {
      (late['exchange'] as { upstream: { setHeader(name: string, value: string): void } }).upstream.setHeader('a', 'b');
    },
    log() {
      (late['exchange'] as { client: { authenticate(...none: undefined[]): void } }).client.authenticate();
    },
  };
  await withPhases(phases, at(upstream.port), async ({ send, logs }) => {
    assert.equal((await send('/')).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const failures = logs.filter((line) => line.includes('probe'));
    assert.equal(failures.length, 2);
    assert.ok(failures.every((line) => line.startsWith('error ')));
  });
});

test('a phase has no member that makes no sense in it', () => {
  const phases: Phases = {
    // @ts-expect-error the request has gone upstream
    header_filter: ({ upstream }) => upstream,
    // @ts-expect-error there is no answer yet
    access: ({ response }) => void response.status,
    // @ts-expect-error the answer has gone out
    log: ({ response }) => response.setHeader('a', 'b'),
    // @ts-expect-error how often and how long is settled
    retry: ({ upstream }) => upstream.setRetries(1),
  };
  assert.equal(Object.keys(phases).length, 4);
});

test('between two tries a plugin sends the request elsewhere', async () => {
  const other = await startUpstream(echo);
  const dead = await deadPort();
  const seen: unknown[] = [];
  const phases: Phases = {
    retry({ upstream, request, setLogValue }) {
      seen.push([upstream.tries.length, upstream.tries[0]!.port, upstream.tries[0]!.state, request.path]);
      upstream.setTarget('127.0.0.1', other.port);
      upstream.setHeader('X-Try', String(upstream.tries.length + 1));
      setLogValue('retried', true);
    },
  };
  await withPhases(phases, at(dead), async ({ send }) => {
    const answer = await send('/there', { method: 'POST', body: 'x' });
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.text).headers['x-try'], '2');
    assert.deepEqual(seen, [[1, dead, 'failed', '/there']]);
    assert.deepEqual(other.seen, ['POST /there']);
  });
});

test('a plugin ends the tries, and one that throws between them stands in nobody’s way', async () => {
  const upstream = await startUpstream((_request, response) => void response.destroy());
  const phases: Phases = {
    retry({ upstream: next, request }) {
      if (request.path === '/throws') throw new Error('a defect');
      if (next.tries.length === 2) next.stop();
    },
  };
  await withPhases(phases, { ...at(upstream.port), retries: 3 }, async ({ send, logs }) => {
    assert.equal((await send('/stops')).status, 502);
    assert.equal(upstream.seen.length, 2);
    assert.equal((await send('/throws')).status, 502);
    assert.equal(upstream.seen.length, 6, 'the first try and three more');
    assert.equal(logs.filter((line) => /^error .*probe.*retry/.test(line)).length, 3);
  });
});

/** Tells who its client is, and on which of its connections it was asked. */
async function startTls(): Promise<{ port: number; close(): void }> {
  const serials = new Map<unknown, number>();
  const options = { requestCert: true, rejectUnauthorized: false };
  const server = createServer(
    { ...options, cert: pem('tls', 'upstream'), key: pem('tls', 'upstream.key') },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      if (!serials.has(socket)) serials.set(socket, serials.size + 1);
      const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
      response.end(JSON.stringify([subject?.CN ?? '', serials.get(socket)]));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('the connection of one request is secured as a plugin says', async () => {
  const server = await startTls();
  const terms: Record<string, UpstreamTls> = {
    '/shown': { certificate: { cert: pem('tls', 'client'), key: pem('tls', 'client.key') } },
    '/verified': { verify: true, authorities: [pem('tls', 'ca')] },
    '/others': { verify: true, authorities: [pem('schema', 'cert-ca')] },
    '/broken': { certificate: { cert: 'no certificate', key: 'no key' } },
    '/broken-ca': { verify: true, authorities: ['no certificate'] },
  };
  const phases: Phases = {
    access({ request, upstream }) {
      const own = terms[request.path];
      if (own !== undefined) upstream.setTls(own);
    },
  };
  const service = { host: 'localhost', port: server.port, protocol: 'https' };
  await withPhases(phases, service, async ({ send, logs }) => {
    const told = async (path: string): Promise<[string, number]> => JSON.parse((await send(path)).text);
    const [nobody, first] = await told('/');
    assert.equal(nobody, '');
    const [shown, second] = await told('/shown');
    assert.notEqual(shown, '');
    assert.notEqual(second, first, 'another connection than that of requests without');
    assert.deepEqual(await told('/shown'), [shown, second], 'the same terms, the same connection');
    assert.deepEqual(await told('/'), ['', first]);
    assert.equal((await send('/verified')).status, 200);
    assert.equal((await send('/others')).status, 502);
    assert.equal((await send('/broken')).status, 500);
    assert.equal((await send('/broken-ca')).status, 500);
    assert.equal(logs.filter((line) => /^error .*probe.*access/.test(line)).length, 2);
  });
  server.close();
});

test('what a service verifies, a plugin may leave unverified for one request only', async () => {
  const server = await startTls();
  const unverified: UpstreamTls = { verify: false };
  const phases: Phases = {
    access({ request, upstream }) {
      if (request.path === '/lenient') upstream.setTls(unverified);
    },
  };
  // Nobody trusts the authority of the test.
  const service = { host: 'localhost', port: server.port, protocol: 'https', tls_verify: true };
  await withPhases(phases, service, async ({ send }) => {
    assert.equal((await send('/strict')).status, 502);
    assert.equal((await send('/lenient')).status, 200);
    assert.equal((await send('/strict')).status, 502);
  });
  server.close();
});

test('what frames a body and Expect are read as headers, as the body goes upstream', async () => {
  const upstream = await startUpstream((request, response, body) =>
    response.end(`${request.headers['content-length'] ?? 'chunked'} ${body}`),
  );
  const read: unknown[] = [];
  const phases: Phases = {
    access({ request, upstream: sent }) {
      const see = (): unknown => [
        request.header('Content-Length'),
        request.header('transfer_encoding'),
        request.headerValues('expect'),
        request.headers()['content-length'],
        request.headers()['transfer-encoding'],
      ];
      read.push(see());
      if (request.header('x-replace') === undefined) return;
      sent.setBody('other');
      read.push(see());
    },
    log(exchange) {
      const { headers } = exchange.logRecord()['request'] as { headers: Record<string, string> };
      const text = JSON.parse(exchange.logText()) as { request: { headers: Record<string, string> } };
      for (const seen of [headers, text.request.headers])
        read.push(seen['content-length'] ?? seen['transfer-encoding']);
    },
  };
  const none = undefined;
  await withPhases(phases, at(upstream.port), async ({ send, port }) => {
    const ask = async (lines: string, body: string): Promise<string> => {
      read.length = 0;
      const answer = await sendRaw(port, `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n${body}`);
      for (let i = 0; i < 200 && read.length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      return answer.slice(answer.lastIndexOf('\r\n\r\n') + 4);
    };
    assert.match(await ask('Content-Length: 3\r\n', 'abc'), /3 abc/);
    assert.deepEqual(read, [['3', none, [], '3', none], '3', '3']);
    assert.match(await ask('Transfer-Encoding: chunked\r\n', '2\r\nab\r\n0\r\n\r\n'), /ab/);
    assert.deepEqual(read, [[none, 'chunked', [], none, 'chunked'], 'chunked', 'chunked']);
    assert.match(await ask('Content-Length: 3\r\nX-Replace: 1\r\nExpect: 100-continue\r\n', 'abc'), /5 other/);
    const expected = ['100-continue'];
    assert.deepEqual(read, [['3', none, expected, '3', none], ['5', none, expected, '5', none], '5', '5']);
    read.length = 0;
    await send('/');
    assert.deepEqual(read[0], [none, none, [], none, none]);
  });
});

test('an answer of a plugin that is none, because its status is below 200, becomes an error', async () => {
  const phases: Phases = { access: () => exit(100, 'go on') };
  await withPhases(phases, at(await deadPort()), async ({ send }) => {
    const { status, text } = await send('/');
    assert.equal(status, 500);
    assert.doesNotMatch(text, /go on/);
  });
});
