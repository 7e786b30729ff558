import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { deadPort, until } from '../gateway/rig.ts';
import { HOST, startEcho, startStreams, talk } from './rig.ts';

const anywhere = { sources: [{ ip: '0.0.0.0/0' }] };
const service = (port: number, route: object = anywhere, more: object = {}) => ({
  name: `s${port}`,
  protocol: 'tcp',
  host: HOST,
  port,
  ...more,
  routes: [{ name: `r${port}`, protocols: ['tcp'], ...route }],
});

describe('a TCP connection', () => {
  test('is passed through both ways, whoever speaks first, until both sides have ended', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports, access, logs } = await startStreams(t, { services: [service(port)] }, [{}]);
    assert.equal(await talk(ports[0]!, 'hello'), 'one\nhello');
    await until(() => access.length === 1, 'the line of the access log is there');
    const { method, status, route, upstream, bytes_in, bytes_out, client_ip } = access[0]!;
    assert.deepEqual(
      { method, status, route, upstream, bytes_in, bytes_out, client_ip },
      {
        method: 'TCP',
        status: 200,
        route: `r${port}`,
        upstream: `${HOST}:${port}`,
        bytes_in: 5,
        bytes_out: 9,
        client_ip: HOST,
      },
    );
    assert.deepEqual(logs, []);
  });

  test('carries more than fits into memory at once', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port)] }, [{}]);
    const text = 'x'.repeat(8 * 1024 * 1024);
    const heard = await talk(ports[0]!, text);
    assert.equal(heard.length, text.length + 4);
  });

  test('is matched by where it comes from and where it goes to', async (t) => {
    const [home, away, other] = await Promise.all([startEcho(t, 'home'), startEcho(t, 'away'), startEcho(t, 'other')]);
    const { ports, replace } = await startStreams(t, {}, [{}, {}]);
    await replace({
      services: [
        service(home, { sources: [{ ip: '127.0.0.2' }] }),
        service(away, { sources: [{ ip: '127.0.0.3' }] }),
        service(other, { destinations: [{ port: ports[1] }] }),
      ],
    });
    assert.equal(await talk(ports[0]!, '', '127.0.0.2'), 'home\n');
    assert.equal(await talk(ports[0]!, '', '127.0.0.3'), 'away\n');
    assert.equal(await talk(ports[1]!, '', '127.0.0.4'), 'other\n');
  });

  test('that no route matches, or whose route has no service, is closed, and the log says so', async (t) => {
    const { ports, access, logs } = await startStreams(
      t,
      { routes: [{ name: 'r', protocols: ['tcp'], sources: [{ ip: '127.0.0.2' }] }] },
      [{}],
    );
    assert.equal(await talk(ports[0]!, 'x'), '');
    assert.equal(await talk(ports[0]!, 'x', '127.0.0.2'), '');
    await until(() => access.length === 2, 'both are over');
    assert.deepEqual(
      access.map(({ status }) => status),
      [500, 503],
    );
    assert.deepEqual(logs, ['error no Route found with those values', 'error no Service found with those values']);
  });

  test('never reaches a route for requests', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports, logs } = await startStreams(
      t,
      { services: [{ name: 's', host: HOST, port, routes: [{ name: 'r', paths: ['/'] }] }] },
      [{}],
    );
    assert.equal(await talk(ports[0]!, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), '');
    assert.deepEqual(logs, ['error no Route found with those values']);
  });

  test('ends when nothing passes for read_timeout', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port, anywhere, { read_timeout: 200 })] }, [{}]);
    const startedAt = Date.now();
    const socket = connect({ host: HOST, port: ports[0]! });
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
    assert.ok(Date.now() - startedAt >= 190);
  });

  test('that was opened before a change goes on, one after it is matched anew', async (t) => {
    const [one, two] = await Promise.all([startEcho(t, 'one'), startEcho(t, 'two')]);
    const { ports, replace } = await startStreams(t, { services: [service(one)] }, [{}]);
    const socket = connect({ host: HOST, port: ports[0]! });
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk));
    await until(() => heard === 'one\n', 'it is connected');
    await replace({ services: [service(two)] });
    assert.equal(await talk(ports[0]!, ''), 'two\n');
    socket.write('still');
    await until(() => heard === 'one\nstill', 'the old one answers');
    socket.destroy();
  });

  test('is not cut off by a gateway that ends, as long as there is time', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports, gateway } = await startStreams(t, { services: [service(port)] }, [{}]);
    const socket = connect({ host: HOST, port: ports[0]!, allowHalfOpen: true });
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk));
    await until(() => heard === 'one\n', 'it is connected');
    const closing = gateway.close(5000);
    await assert.rejects(
      new Promise((resolve, reject) => connect({ host: HOST, port: ports[0]! }, () => resolve(0)).on('error', reject)),
    );
    socket.end('last words');
    await closing;
    assert.equal(heard, 'one\nlast words');
  });

  test('with a PROXY header comes from where a trusted peer says', async (t) => {
    const port = await startEcho(t, 'one');
    const content = { services: [service(port, { sources: [{ ip: '203.0.113.7', port: 4000 }] })] };
    const trust = { trustedIps: ['127.0.0.1'], realIpHeader: 'proxy_protocol', realIpRecursive: false };
    const { ports, access } = await startStreams(t, content, [{ proxyProtocol: true }], { trust });
    const header = 'PROXY TCP4 203.0.113.7 198.51.100.1 4000 443\r\n';
    assert.equal(await talk(ports[0]!, `${header}hello`), 'one\nhello');
    assert.equal(await talk(ports[0]!, 'hello'), '');
    assert.equal(await talk(ports[0]!, `${header}hello`, '127.0.0.2'), '', 'a peer that is not trusted');
    assert.deepEqual([access[0]!.client_ip, access[0]!.bytes_in], ['203.0.113.7', 5]);
  });
});

describe('peers of a TCP connection', () => {
  const upstream = (targets: number[], more: object = {}) => ({
    upstreams: [{ name: 'u', ...more, targets: targets.map((port) => ({ target: `${HOST}:${port}` })) }],
    services: [{ name: 's', protocol: 'tcp', host: 'u', routes: [{ name: 'r', protocols: ['tcp'], ...anywhere }] }],
  });

  test('share connections, and one that refuses costs none', async (t) => {
    const [one, two, dead] = await Promise.all([startEcho(t, 'one'), startEcho(t, 'two'), deadPort()]);
    const { ports, access } = await startStreams(t, upstream([one, two, dead]), [{}]);
    const names: string[] = [];
    for (let i = 0; i < 6; i++) names.push(await talk(ports[0]!, ''));
    assert.deepEqual([...new Set(names)].sort(), ['one\n', 'two\n']);
    await until(() => access.length === 6, 'all are over');
    assert.ok(access.some(({ tries }) => tries === 2));
  });

  test('that all refuse end the connection', async (t) => {
    const { ports, access } = await startStreams(t, upstream([await deadPort()]), [{}]);
    assert.equal(await talk(ports[0]!, 'x'), '');
    await until(() => access.length === 1, 'it is over');
    assert.deepEqual([access[0]!.status, access[0]!.tries], [502, 6]);
  });

  test('without any the connection ends with 503', async (t) => {
    const { ports, access } = await startStreams(t, upstream([]), [{}]);
    assert.equal(await talk(ports[0]!, 'x'), '');
    await until(() => access.length === 1, 'it is over');
    assert.equal(access[0]!.status, 503);
  });

  test('are hashed by the address of the client', async (t) => {
    const servers = await Promise.all(['one', 'two', 'three'].map((name) => startEcho(t, name)));
    const { ports } = await startStreams(t, upstream(servers, { hash_on: 'ip' }), [{}]);
    const names = new Set<string>();
    for (let client = 1; client < 20; client++) {
      const first = await talk(ports[0]!, '', `127.0.0.${client}`);
      assert.equal(await talk(ports[0]!, '', `127.0.0.${client}`), first);
      names.add(first);
    }
    assert.ok(names.size > 1);
  });

  test('go out by passive checks of failed connections', async (t) => {
    const [one, dead] = await Promise.all([startEcho(t, 'one'), deadPort()]);
    const healthchecks = { passive: { type: 'tcp', unhealthy: { tcp_failures: 1 } } };
    const { ports, access } = await startStreams(t, upstream([one, dead], { healthchecks }), [{}]);
    for (let i = 0; i < 6; i++) assert.equal(await talk(ports[0]!, ''), 'one\n');
    await until(() => access.length === 6, 'all are over');
    assert.equal(access.filter(({ tries }) => tries > 1).length, 1, 'only the first one met the dead peer');
  });

  test('with the fewest connections get the next one', async (t) => {
    const [one, two] = await Promise.all([startEcho(t, 'one'), startEcho(t, 'two')]);
    const { ports } = await startStreams(t, upstream([one, two], { algorithm: 'least-connections' }), [{}]);
    const open = connect({ host: HOST, port: ports[0]! });
    const first = await new Promise<string>((resolve) => open.once('data', (chunk) => resolve(String(chunk))));
    for (let i = 0; i < 4; i++) assert.notEqual(await talk(ports[0]!, ''), first);
    open.destroy();
  });
});
