import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, test } from 'node:test';
import { definePlugin, exit, type Phases } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { until } from '../gateway/rig.ts';
import { ask, HOST, startEcho, startStreams, startUdpEcho, talk, talkTls, udpClient } from './rig.ts';

const service = (port: number, plugins: object[] = []) => ({
  name: 's',
  protocol: 'tcp',
  host: HOST,
  port,
  routes: [{ name: 'r', protocols: ['tcp', 'tls'], sources: [{ ip: '127.0.0.0/8' }], plugins }],
});

/** A log server of UDP; what came to it, as JSON. */
async function startLogs(t: Parameters<typeof startEcho>[0]) {
  const records: Record<string, never>[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => records.push(JSON.parse(String(bytes))));
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  t.after(() => socket.close());
  return { records, port: socket.address().port };
}

/** A plugin of the test's own. */
const withPlugin = (phases: Phases) => [
  ...bundledPlugins,
  definePlugin({
    name: 'probe',
    priority: 1,
    version: '1.0.0',
    schema: {
      name: 'probe',
      fields: {
        protocols: { type: 'set', default: ['tcp', 'tls', 'udp'], elements: { type: 'string' } },
        config: { type: 'record', required: true, fields: {} },
      },
    } as never,
    handler: async () => ({ create: () => phases }),
  }),
];

describe('plugins of connections', () => {
  test('ip-restriction closes those of addresses that may not', async (t) => {
    const port = await startEcho(t, 'one');
    const plugin = { name: 'ip-restriction', config: { deny: ['127.0.0.2'] } };
    const { ports, access, logs } = await startStreams(t, { services: [service(port, [plugin])] }, [{}]);
    assert.equal(await talk(ports[0]!, 'x'), 'one\nx');
    assert.equal(await talk(ports[0]!, 'x', '127.0.0.2'), '');
    await until(() => access.length === 2, 'both are over');
    assert.deepEqual(
      access.map(({ status }) => status),
      [200, 403],
    );
    assert.deepEqual(logs, ['warn [ip-restriction] IP address not allowed: 127.0.0.2']);
  });

  test('a logger gets a record when the connection is over', async (t) => {
    const port = await startEcho(t, 'one');
    const { records, port: logPort } = await startLogs(t);
    const config = { host: HOST, port: logPort, custom_fields_by_lua: { mine: "return 'yes'" } };
    const plugin = { name: 'udp-log', protocols: ['tcp', 'tls'], config };
    const { ports } = await startStreams(t, { services: [service(port, [plugin])] }, [{}, { ssl: true }]);
    await talk(ports[0]!, 'hello');
    await until(() => records.length === 1, 'the record is there');
    const [{ session, upstream, latencies, tries, route, service: its, client_ip, mine, workspace }] =
      records as never as [Record<string, Record<string, unknown> & Record<string, unknown>[]>];
    assert.deepEqual(session, { received: 5, sent: 9, status: 200, server_port: ports[0] });
    assert.deepEqual(upstream, { received: 9, sent: 5 });
    assert.deepEqual(Object.keys(latencies!).sort(), ['kong', 'session']);
    assert.deepEqual([tries![0]!['ip'], tries![0]!['port']], [HOST, port]);
    assert.deepEqual([route!['name'], its!['name'], client_ip as unknown, mine as unknown], ['r', 's', HOST, 'yes']);
    assert.equal(typeof workspace, 'string');
    await talkTls(ports[1]!, 'hello', { servername: 'one.test' });
    await until(() => records.length === 2, 'the second record is there');
    assert.deepEqual((records[1] as unknown as { session: { tls: unknown } }).session.tls, {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      client_verify: 'NONE',
      sni: 'one.test',
    });
  });

  test('a connection is logged with the severity of success, however it ended', async (t) => {
    const socket = createSocket('udp4');
    const datagrams: string[] = [];
    socket.on('message', (bytes) => datagrams.push(String(bytes)));
    await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
    t.after(() => socket.close());
    const config = { host: HOST, port: socket.address().port, key: 'k', server_errors_severity: 'crit' };
    const loggly = { name: 'loggly', protocols: ['tcp'], config };
    const denying = { name: 'ip-restriction', config: { deny: ['127.0.0.2'] } };
    const { ports } = await startStreams(t, { services: [{ ...service(9, [loggly, denying]), retries: 0 }] }, [{}]);
    await talk(ports[0]!, 'x');
    await talk(ports[0]!, 'x', '127.0.0.2');
    await until(() => datagrams.length === 2, 'both records');
    assert.deepEqual(
      datagrams.map((text) => text.slice(0, 5)),
      ['<14>1', '<14>1'],
    );
  });

  test('a plugin for requests does not run', async (t) => {
    const port = await startEcho(t, 'one');
    const { records, port: logPort } = await startLogs(t);
    const plugins = [{ name: 'udp-log', config: { host: HOST, port: logPort } }];
    const { ports, access } = await startStreams(t, { services: [service(port)], plugins }, [{}]);
    await talk(ports[0]!, 'hello');
    await until(() => access.length === 1, 'it is over');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(records, []);
  });

  test('an answer below 400 is sent before the end, one above is only the end', async (t) => {
    for (const [status, heard] of [
      [200, 'bye'],
      [403, ''],
    ] as const) {
      const port = await startEcho(t, 'one');
      const plugins = withPlugin({ preread: async () => exit(status, 'bye') });
      const content = { services: [service(port)], plugins: [{ name: 'probe' }] };
      const { ports, access } = await startStreams(t, content, [{}], { plugins });
      assert.equal(await talk(ports[0]!, 'x'), heard);
      await until(() => access.length === 1, 'it is over');
      assert.equal(access[0]!.status, status);
    }
  });

  test('one that throws ends the connection with 500; one that throws in the log harms nobody', async (t) => {
    const port = await startEcho(t, 'one');
    for (const phase of ['preread', 'stream_log'] as const) {
      const fail = () => {
        throw new Error('a defect');
      };
      const content = { services: [service(port)], plugins: [{ name: 'probe' }] };
      const { ports, access, logs } = await startStreams(t, content, [{}], { plugins: withPlugin({ [phase]: fail }) });
      assert.equal(await talk(ports[0]!, 'x'), phase === 'preread' ? '' : 'one\nx');
      await until(() => access.length === 1, 'it is over');
      assert.equal(access[0]!.status, phase === 'preread' ? 500 : 200);
      assert.ok(logs.includes(`error plugin probe failed in ${phase}`));
    }
  });

  test('datagrams pass them too', async (t) => {
    const port = await startUdpEcho(t, 'one');
    let asked = 0;
    const plugins = withPlugin({
      preread({ connection, client }) {
        asked += 1;
        assert.deepEqual([connection.protocol, client.ip], ['udp', HOST]);
        return exit(200, 'no');
      },
    });
    const content = {
      services: [{ ...service(port), routes: [{ name: 'r', protocols: ['udp'], sources: [{ ip: HOST }] }] }],
      plugins: [{ name: 'probe' }],
    };
    const { ports } = await startStreams(t, content, [{ udp: true }], { plugins });
    assert.equal(await ask(udpClient(t), ports[0]!, 'hello'), 'no');
    assert.equal(asked, 1);
  });
});
