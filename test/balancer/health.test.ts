// Health checks against real servers, with intervals of a few hundredths of a second.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import * as https from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ProbeTls } from '../../src/gateway/balancer/health/probe.ts';
import { BalancerRegistry } from '../../src/gateway/balancer/registry.ts';
import { pem } from '../gateway/tls-rig.ts';
import { answerOf, portOf, serve, target, type UpstreamChanges, until, upstream } from './rig.ts';

type Active = NonNullable<UpstreamChanges['active']>;

/** Probes both lists every 20 ms; one good or bad answer decides. */
const QUICK: Active = {
  healthy: { interval: 0.02, successes: 1 },
  unhealthy: { interval: 0.02, http_failures: 1, tcp_failures: 1, timeouts: 1 },
};

function start(t: TestContext, port: number, active: Active, more: Partial<UpstreamChanges> = {}) {
  const registry = new BalancerRegistry({ resolve: () => answerOf() });
  t.after(() => registry.close());
  const config = upstream({ ...more, active });
  const targets = [target(`127.0.0.1:${port}`)];
  const balancer = registry.update([{ upstream: config, targets }])('u')!;
  return { registry, balancer, config, targets, isUp: () => balancer.pick() !== undefined };
}

async function listenRaw(t: TestContext, onConnection: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

describe('active checks over HTTP', () => {
  test('take an address out when its status is bad and in again when it is good', async (t) => {
    let status = 200;
    const server = await serve(t, (_request, response) => response.writeHead(status).end());
    const { isUp } = start(t, portOf(server), QUICK);
    assert.ok(isUp());
    status = 500;
    await until(() => !isUp(), 'it is out');
    status = 200;
    await until(isUp, 'it is in again');
  });

  test('ask for the path with the headers and the Host that are configured', async (t) => {
    const seen: IncomingMessage[] = [];
    const server = await serve(t, (request, response) => {
      seen.push(request);
      response.end();
    });
    const port = portOf(server);
    start(
      t,
      port,
      { ...QUICK, http_path: '/up?deep=1', headers: { 'X-Check': ['a', 'b'] } },
      { host_header: 'up.test' },
    );
    await until(() => seen.length > 0, 'a probe comes');
    const { method, url, headers } = seen[0]!;
    assert.deepEqual([method, url, headers.host, headers['x-check']], ['GET', '/up?deep=1', 'up.test', 'a, b']);
  });

  test('name the target in Host when nothing else is configured', async (t) => {
    const hosts: (string | undefined)[] = [];
    const server = await serve(t, (request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    const registry = new BalancerRegistry({ resolve: () => answerOf('127.0.0.1') });
    t.after(() => registry.close());
    registry.update([{ upstream: upstream({ active: QUICK }), targets: [target(`app.test:${portOf(server)}`)] }]);
    await until(() => hosts.length > 0, 'a probe comes');
    assert.equal(hosts[0], 'app.test');
  });

  test('wait one interval before the first probe', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.end();
    });
    const startedAt = performance.now();
    start(t, portOf(server), { ...QUICK, healthy: { interval: 0.2, successes: 1 } });
    await until(() => probes > 0, 'a probe comes');
    assert.ok(performance.now() - startedAt >= 190);
  });

  test('count up to the limits', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.writeHead(503).end();
    });
    const { isUp } = start(t, portOf(server), { ...QUICK, unhealthy: { interval: 0, http_failures: 3 } });
    await until(() => !isUp(), 'it is out');
    assert.equal(probes, 3);
  });

  test('ignore a status of neither list', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.writeHead(418).end();
    });
    const { isUp } = start(t, portOf(server), QUICK);
    await until(() => probes > 3, 'some probes came');
    assert.ok(isUp());
  });

  test('the healthy list alone never brings an address back', async (t) => {
    let status = 500;
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.writeHead(status).end();
    });
    const { isUp } = start(t, portOf(server), { ...QUICK, unhealthy: { interval: 0, http_failures: 1 } });
    await until(() => !isUp(), 'it is out');
    status = 200;
    const before = probes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(probes, before);
  });

  test('an answer that does not come counts as a timeout', async (t) => {
    const server = await serve(t, () => undefined);
    const { isUp } = start(t, portOf(server), { ...QUICK, timeout: 0.05, unhealthy: { interval: 0, timeouts: 1 } });
    await until(() => !isUp(), 'it is out');
  });

  test('a refused connection counts as a TCP failure', async (t) => {
    const server = await serve(t, () => undefined);
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const { isUp } = start(t, port, { ...QUICK, unhealthy: { interval: 0, tcp_failures: 1 } });
    await until(() => !isUp(), 'it is out');
  });

  test('an answer that is not HTTP counts as an HTTP failure', async (t) => {
    const server = await listenRaw(t, (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
    const { isUp } = start(t, portOf(server), { ...QUICK, unhealthy: { interval: 0, http_failures: 1 } });
    await until(() => !isUp(), 'it is out');
  });

  test('grpc is asked over HTTP', async (t) => {
    const server = await serve(t, (_request, response) => response.writeHead(500).end());
    const { isUp } = start(t, portOf(server), { ...QUICK, type: 'grpc' });
    await until(() => !isUp(), 'it is out');
  });

  test('https to a server without TLS counts as a TCP failure', async (t) => {
    const server = await serve(t, (_request, response) => response.end());
    const { isUp } = start(t, portOf(server), { ...QUICK, type: 'https', unhealthy: { interval: 0, tcp_failures: 1 } });
    await until(() => !isUp(), 'it is out');
  });

  test('at most `concurrency` probes are under way at a time', async (t) => {
    let running = 0;
    let most = 0;
    const server = await serve(t, (_request, response) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        response.end();
      }, 10);
    });
    const registry = new BalancerRegistry({ resolve: () => answerOf() });
    t.after(() => registry.close());
    const targets = Array.from({ length: 6 }, (_, i) => ({ ...target(`localhost:${portOf(server)}`), id: `t${i}` }));
    let asked = 0;
    server.on('request', () => {
      asked += 1;
    });
    registry.update([{ upstream: upstream({ active: { ...QUICK, concurrency: 2 } }), targets }]);
    await until(() => asked >= 12, 'two rounds passed');
    assert.equal(most, 2);
  });

  test('a target of weight 0 is not asked', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.end();
    });
    const registry = new BalancerRegistry({ resolve: () => answerOf() });
    t.after(() => registry.close());
    registry.update([{ upstream: upstream({ active: QUICK }), targets: [target(`127.0.0.1:${portOf(server)}`, 0)] }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(probes, 0);
  });

  test('closing ends them', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.end();
    });
    const { registry } = start(t, portOf(server), QUICK);
    await until(() => probes > 0, 'a probe comes');
    registry.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = probes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(probes, before);
  });

  test('a stream of changes to the upstream does not keep probes from coming', async (t) => {
    let probes = 0;
    const server = await serve(t, (_request, response) => {
      probes += 1;
      response.end();
    });
    const { registry, config, targets } = start(t, portOf(server), {
      ...QUICK,
      healthy: { interval: 0.1, successes: 1 },
    });
    for (let i = 0; i < 20; i++) {
      registry.update([{ upstream: { ...config, slots: 100 + i }, targets }]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(probes >= 2);
  });
});

describe('active checks over TLS', () => {
  const own = { cert: [pem('tls', 'upstream')], key: [pem('tls', 'upstream.key')] };

  /** Answers 200, and notes which server names were asked for and whether the client showed a certificate. */
  async function secured(t: TestContext) {
    const seen = { names: new Set<string>(), shown: new Set<boolean>() };
    const server = https.createServer({ ...own, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket;
      seen.names.add(String((socket as unknown as { servername: string }).servername));
      seen.shown.add(Object.keys(socket.getPeerCertificate() ?? {}).length > 0);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port: portOf(server), seen };
  }

  function watch(t: TestContext, port: number, active: Active, probeTls: ProbeTls) {
    const registry = new BalancerRegistry({ resolve: () => answerOf('127.0.0.1'), probeTls: () => probeTls });
    t.after(() => registry.close());
    const config = upstream({ active: { ...QUICK, type: 'https', ...active } });
    const balancer = registry.update([{ upstream: config, targets: [target(`box.test:${port}`)] }])('u')!;
    return () => balancer.pick() !== undefined;
  }

  test('a certificate that nobody trusts takes the address out, unless nobody looks', async (t) => {
    const { port, seen } = await secured(t);
    const isUp = watch(t, port, {}, {});
    await until(() => !isUp(), 'it is out');
    const isUpUnverified = watch(t, port, { https_verify_certificate: false }, {});
    await until(() => seen.names.size > 0, 'a probe got through');
    assert.ok(isUpUnverified());
    assert.deepEqual([...seen.names], ['box.test']);
    assert.deepEqual([...seen.shown], [false]);
  });

  test('https_sni is the name that is asked for and verified, and the client certificate is shown', async (t) => {
    const { port, seen } = await secured(t);
    const isUp = watch(t, port, { https_sni: 'upstream.test' }, { ...own, ca: [pem('tls', 'ca')] });
    await until(() => seen.names.size > 0, 'a probe got through');
    assert.ok(isUp());
    assert.deepEqual([...seen.names], ['upstream.test']);
    assert.deepEqual([...seen.shown], [true]);
  });
});

describe('active checks over TCP', () => {
  test('an accepted connection is enough', async (t) => {
    const server = await listenRaw(t, () => undefined);
    const port = portOf(server);
    const { registry, isUp } = start(t, port, { ...QUICK, type: 'tcp' });
    registry.setTarget('id-of-u', `t-127.0.0.1:${port}`, undefined, false);
    assert.equal(isUp(), false);
    await until(isUp, 'it is in again');
  });

  test('a refused one takes the address out', async (t) => {
    const server = await listenRaw(t, () => undefined);
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const { isUp } = start(t, port, { ...QUICK, type: 'tcp' });
    await until(() => !isUp(), 'it is out');
  });
});

test('passive checks take an address out, active ones bring it back', async (t) => {
  const server = await serve(t, (_request, response) => response.end());
  const { balancer, isUp } = start(
    t,
    portOf(server),
    { unhealthy: { interval: 0.02 }, healthy: { interval: 0, successes: 1 } },
    { passive: { unhealthy: { http_failures: 1 } } },
  );
  balancer.report(balancer.pick()!, { status: 500 });
  assert.equal(isUp(), false);
  await until(isUp, 'it is in again');
});
