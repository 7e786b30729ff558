// Two sockets joined, where one of them is gone and the other does not read what it was sent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Deadlines } from '../../src/gateway/http1/deadlines.ts';
import { FrameTunnel } from '../../src/gateway/upgrade/frame-tunnel.ts';
import { Tunnel, type TunnelOptions } from '../../src/gateway/upgrade/tunnel.ts';
import { until } from './rig.ts';

const NOTHING = Buffer.alloc(0);
/** More than the system keeps for a connection. */
const MUCH = Buffer.alloc(32 * 1024 * 1024);

/** Both ends of a connection: the tunnel's, and that of whoever is there. */
async function connection(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const socket of [near, far]) {
    socket.on('error', () => undefined);
    t.after(() => socket.destroy());
  }
  return { near, far: far.pause() };
}

const kinds = {
  'of bytes': (options: TunnelOptions) => new Tunnel(options),
  'of messages': (options: TunnelOptions) =>
    new FrameTunnel({
      ...options,
      maxBytes: { client: 1024, server: 1024 },
      onFrame: () => undefined,
      onClosing: () => undefined,
    }),
};

for (const [kind, open] of Object.entries(kinds)) {
  test(`a tunnel ${kind}: who does not read is waited for no longer than the write timeout, once the other is gone`, async (t) => {
    const client = await connection(t);
    const upstream = await connection(t);
    const deadlines = new Deadlines();
    t.after(() => deadlines.close());
    client.near.write(MUCH);
    let ends = 0;
    open({
      client: { socket: client.near, bytes: NOTHING },
      upstream: { socket: upstream.near, bytes: NOTHING },
      idleMs: 60_000,
      sendMs: 300,
      deadlines,
      onEnd: () => {
        ends += 1;
      },
      onSent: () => undefined,
    });
    upstream.far.resetAndDestroy();
    await until(() => upstream.near.destroyed, 'the upstream is gone');
    assert.equal(client.near.destroyed, false);
    await until(() => client.near.destroyed, 'the client is let go');
    assert.equal(ends, 1);
  });
}
