// A listener for IPv6 takes IPv4 clients too, and sees their addresses in the form of IPv6: nobody behind it shall.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import { definePlugin } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { echo, start, startUpstream } from './rig.ts';

async function startForBoth(t: TestContext, port: number) {
  const seen: string[] = [];
  const witness = definePlugin({
    name: 'witness',
    version: '1.0.0',
    priority: 1,
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({
      create: () => ({
        access: ({ client, request }) => {
          seen.push(client.ip, client.peerIp, request.connection.localAddress);
        },
      }),
    }),
  });
  const services = [
    { name: 's', url: `http://127.0.0.1:${port}`, routes: [{ paths: ['/'] }], plugins: [{ name: 'witness' }] },
  ];
  const options = { listen: [{ host: '::', port: 0 }], http2: true, plugins: [...bundledPlugins, witness] };
  try {
    return { seen, ...(await start({ services }, options)) };
  } catch (error) {
    t.skip(`this machine has no IPv6: ${error}`);
    return undefined;
  }
}

interface Echoed {
  readonly headers: Record<string, string>;
}

test('an IPv4 client of a listener for both has its plain address, towards plugins, the upstream and the log', async (t) => {
  const upstream = await startUpstream(echo);
  t.after(() => upstream.close());
  const running = await startForBoth(t, upstream.port);
  if (running === undefined) return;
  const { headers } = JSON.parse((await running.send('/')).text) as Echoed;
  assert.deepEqual([headers['x-forwarded-for'], headers['x-real-ip']], ['127.0.0.1', '127.0.0.1']);
  assert.deepEqual(running.seen, ['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  assert.equal(running.access[0]?.client_ip, '127.0.0.1');
  await running.close();
});

test('over HTTP/2 as well', async (t) => {
  const upstream = await startUpstream(echo);
  t.after(() => upstream.close());
  const running = await startForBoth(t, upstream.port);
  if (running === undefined) return;
  const session = http2.connect(`http://127.0.0.1:${running.port}`);
  const stream = session.request({ ':path': '/' });
  stream.resume();
  await once(stream, 'close');
  assert.deepEqual(running.seen, ['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  session.destroy();
  await running.close();
});
