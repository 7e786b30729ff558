import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListen } from '../../src/config/listen.ts';
import { startStreams } from './rig.ts';

test('stream_listen knows udp, and no HTTP', () => {
  const [tcp, tls, udp] = parseListen(
    'stream_listen',
    '0.0.0.0:9000 reuseport backlog=65536, [::1]:9443 ssl, 1.2.3.4:53 udp',
  );
  assert.deepEqual([tcp?.ssl, tcp?.udp, tcp?.backlog], [false, false, 65536]);
  assert.deepEqual([tls?.host, tls?.ssl, tls?.udp], ['::1', true, false]);
  assert.deepEqual([udp?.port, udp?.ssl, udp?.udp], [53, false, true]);
  assert.deepEqual(parseListen('stream_listen', 'off'), []);
  for (const wrong of ['1.2.3.4:53 http2', '1.2.3.4:53 udp ssl', '1.2.3.4:53 udp proxy_protocol'])
    assert.throws(() => parseListen('stream_listen', wrong), /stream_listen: /);
  assert.throws(() => parseListen('proxy_listen', '0.0.0.0:8000 udp'), /unknown option 'udp'/);
});

test('an address that is taken is an error', async (t) => {
  const { ports } = await startStreams(t, {}, [{}]);
  const { ports: udpPorts } = await startStreams(t, {}, [{ udp: true }]);
  await assert.rejects(
    startStreams(t, {}, [{ port: ports[0]! }]),
    /cannot listen on 127\.0\.0\.1:\d+ for streams: the address/,
  );
  await assert.rejects(startStreams(t, {}, [{ port: udpPorts[0]!, udp: true }]), /for streams: the address is in use/);
});
