import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { receiveUdp, take } from '../plugins/receivers.ts';
import { ask, HOST, startEcho, startStreams, startUdpEcho, talk, talkTls, udpClient } from './rig.ts';

const PROTOCOLS = ['tcp', 'tls', 'udp'];

interface Wanted {
  readonly plugin: string;
  readonly config?: object;
  readonly port: number;
  readonly protocols?: readonly string[];
  readonly plugins?: readonly object[];
}

/** A route of streams with the plugin, which sends to the receiver. */
async function startMeasured(
  t: TestContext,
  { plugin, config = {}, port, protocols = ['tcp', 'tls'], plugins = [] }: Wanted,
) {
  const receiver = await receiveUdp();
  t.after(() => receiver.close());
  const measuring = { name: plugin, protocols: PROTOCOLS, config: { host: HOST, port: receiver.port, ...config } };
  const route = { name: 'r', protocols, sources: [{ ip: '127.0.0.0/8' }], plugins: [measuring, ...plugins] };
  const services = [{ name: 's', protocol: 'tcp', host: HOST, port, retries: 0, read_timeout: 500, routes: [route] }];
  const listen = protocols.includes('udp') ? [{ udp: true }] : [{}, { ssl: true }];
  const { ports } = await startStreams(t, { services }, listen);
  return { receiver, ports };
}

/** What differs from one run to the next is not compared. */
const withoutTimes = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/(latency):\d+/, '$1:N').replace(/workspace\.[0-9a-f-]{36}/, 'workspace.W'));

const DENYING = { name: 'ip-restriction', config: { deny: ['127.0.0.2'] } };
const statusOnly = (name: string) => ({ metrics: [{ name, stat_type: 'counter', sample_rate: 1 }] });

describe('statsd of connections', () => {
  const lines = ['request.count:1|c', 'latency:N|ms', 'request.size:5|c', 'status.200:1|c', 'response.size:9|c'];
  const expected = [...lines, 'kong_latency:N|ms', 'workspace.W.status.200:1|c'].map(
    (line) => `kong.service.s.${line}`,
  );

  test('one that was passed through gives the lines of a request, but for those of users and of the upstream', async (t) => {
    const { receiver, ports } = await startMeasured(t, { plugin: 'statsd', port: await startEcho(t, 'one') });
    await talk(ports[0]!, 'hello');
    assert.deepEqual(withoutTimes(await take(receiver, 7)), expected);
    await talkTls(ports[1]!, 'hello');
    const named = (text: string): string => text.split(':')[0]!;
    assert.deepEqual(withoutTimes((await take(receiver, 14)).slice(7)).map(named), expected.map(named));
  });

  test('the datagrams of a client count together, when there are no more', async (t) => {
    const metrics = ['request_count', 'request_size', 'response_size'].flatMap((name) => statusOnly(name).metrics);
    const wanted = { plugin: 'statsd', config: { metrics }, protocols: ['udp'], port: await startUdpEcho(t, 'one') };
    const { receiver, ports } = await startMeasured(t, wanted);
    assert.equal(await ask(udpClient(t), ports[0]!, 'hello'), 'one hello');
    assert.equal(await ask(udpClient(t), ports[0]!, 'you'), 'one you');
    assert.deepEqual(receiver.received, [], 'both are open');
    assert.deepEqual(await take(receiver, 6), [
      'kong.service.s.request.count:1|c',
      'kong.service.s.request.size:5|c',
      'kong.service.s.response.size:9|c',
      'kong.service.s.request.count:1|c',
      'kong.service.s.request.size:3|c',
      'kong.service.s.response.size:7|c',
    ]);
  });

  test('the status is that of the end, and statuses that are not allowed are not measured', async (t) => {
    const port = await startEcho(t, 'one');
    const config = { ...statusOnly('status_count'), allow_status_codes: ['400-499'] };
    const { receiver, ports } = await startMeasured(t, { plugin: 'statsd', config, port, plugins: [DENYING] });
    await talk(ports[0]!, 'hello');
    await talk(ports[0]!, 'hello', '127.0.0.2');
    assert.deepEqual(await take(receiver, 1), ['kong.service.s.status.403:1|c']);
  });

  test('tags are those of route and service', async (t) => {
    const config = { ...statusOnly('request_size'), tag_style: 'dogstatsd' };
    const { receiver, ports } = await startMeasured(t, { plugin: 'statsd', config, port: await startEcho(t, 'one') });
    await talk(ports[0]!, 'hello');
    const [line = ''] = await take(receiver, 1);
    assert.match(line, /^kong\.request\.size:5\|c\|#service:s,route:r,workspace:[0-9a-f-]{36},node:[^,]+,status:200$/);
  });
});

test('a connection that no route matches is measured by plugins of all', async (t) => {
  const receiver = await receiveUdp();
  t.after(() => receiver.close());
  const plugin = (name: string) => ({
    name,
    protocols: PROTOCOLS,
    config: { host: HOST, port: receiver.port, ...statusOnly('request_count') },
  });
  const { ports } = await startStreams(t, { plugins: [plugin('statsd'), plugin('datadog')] }, [{}]);
  await talk(ports[0]!, 'hello');
  assert.deepEqual([...(await take(receiver, 2))].sort(), [
    'kong.global.unmatched.request.count:1|c',
    'kong.request.count:1|c|#name:,status:500',
  ]);
});

describe('datadog of connections', () => {
  const tags = '|#name:s,status:200,app:kong';
  const expected = [
    'request.count:1|c',
    'latency:N|ms',
    'request.size:5|ms',
    'response.size:9|ms',
    'kong_latency:N|ms',
  ];

  test('one that was passed through gives the datagrams of a request, but for that of the upstream', async (t) => {
    const { receiver, ports } = await startMeasured(t, { plugin: 'datadog', port: await startEcho(t, 'one') });
    await talk(ports[0]!, 'hello');
    assert.deepEqual(
      withoutTimes(await take(receiver, 5)),
      expected.map((line) => `kong.${line}${tags}`),
    );
  });

  test('one that was refused has the status of the refusal', async (t) => {
    const wanted = { plugin: 'datadog', config: statusOnly('request_count'), port: 9, plugins: [DENYING] };
    const { receiver, ports } = await startMeasured(t, wanted);
    await talk(ports[0]!, 'hello', '127.0.0.2');
    await talk(ports[0]!, 'hello');
    assert.deepEqual(await take(receiver, 2), [
      'kong.request.count:1|c|#name:s,status:403',
      'kong.request.count:1|c|#name:s,status:502',
    ]);
  });
});
