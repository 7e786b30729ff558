// The ports that clients use, when something in front maps them to those that are listened on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { parsePortMaps } from '../../src/config/port-maps.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin, type Phases } from '../../src/pdk/index.ts';
import { HOST, startEcho, startStreams, talk } from '../stream/rig.ts';
import { echo, start, startUpstream } from './rig.ts';

const reads = (property: string) => parsePortMaps(loadConfig({}, { KONG_PORT_MAPS: property }).port_maps);

test('port_maps names the port of clients and the one that is listened on', () => {
  assert.deepEqual(
    [...reads('80:8000, 443:8443')],
    [
      [8000, 80],
      [8443, 443],
    ],
  );
  assert.deepEqual([...reads('')], []);
  assert.throws(() => reads('80'), /KONG_PORT_MAPS/);
  assert.throws(() => reads('80:http'), /KONG_PORT_MAPS/);
  assert.throws(() => reads('0:8000'), /port_maps: '0:8000' does not name two ports/);
  assert.throws(() => reads('80:65536'), /port_maps: '80:65536' does not name two ports/);
});

const seen: unknown[] = [];
const phases: Phases = {
  access: ({ request }) => {
    seen.push(request.forwarded.port);
  },
  log: (exchange) => {
    seen.push((exchange.logRecord()['request'] as JsonObject)['url']);
    seen.push((JSON.parse(exchange.logText()) as { request: JsonObject }).request['url']);
  },
};
const witness = definePlugin({
  name: 'witness',
  version: '1.0.0',
  priority: 10,
  schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
  handler: () => Promise.resolve({ create: () => phases }),
});

test('the upstream, plugins and log records are told the port of clients', async () => {
  const upstream = await startUpstream(echo);
  const portMaps = new Map<number, number>();
  const running = await start(
    {
      services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] }],
      plugins: [{ name: 'witness' }],
    },
    { portMaps, plugins: [witness] },
  );
  portMaps.set(running.port, 443);
  const told = async (headers: Record<string, string>): Promise<string | undefined> => {
    const { text } = await running.send('/x', { headers });
    return (JSON.parse(text) as { headers: Record<string, string> }).headers['x-forwarded-port'];
  };
  assert.equal(await told({}), '443');
  assert.equal(await told({ host: 'example.test:1234' }), '443');
  assert.equal(await told({ 'x-forwarded-port': '99' }), '443', 'nobody is trusted');
  assert.deepEqual(seen.slice(0, 3), [443, 'http://example.test:443/x', 'http://example.test:443/x']);
  await running.close();
});

test('routes of streams name the port of clients as destination', async (t) => {
  const [mapped, plain] = await Promise.all([startEcho(t, 'mapped'), startEcho(t, 'plain')]);
  const portMaps = new Map<number, number>();
  const { ports, replace } = await startStreams(t, {}, [{}], { portMaps });
  portMaps.set(ports[0]!, 5432);
  const service = (port: number, destination: number) => ({
    name: `s${port}`,
    protocol: 'tcp',
    host: HOST,
    port,
    routes: [{ name: `r${port}`, protocols: ['tcp'], destinations: [{ port: destination }] }],
  });
  await replace({ services: [service(mapped, 5432), service(plain, ports[0]!)] });
  assert.equal(await talk(ports[0]!, ''), 'mapped\n');
});
