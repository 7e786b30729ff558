// The PROXY header in front of a connection: both versions, whole and in pieces, in clear text and before TLS.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import * as tls from 'node:tls';
import type { GatewayOptions } from '../../src/gateway/gateway.ts';
import { readProxyHeader } from '../../src/gateway/listen/proxy-protocol.ts';
import { echo, start, startUpstream } from './rig.ts';
import { exchangeText, serverTls } from './tls-rig.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function version2(command: number, family: number, addresses: Buffer, extra = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + extra.length);
  return Buffer.concat([SIGNATURE, Buffer.from([0x20 | command, family]), length, addresses, extra]);
}

const ipv4 = Buffer.from([203, 0, 113, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb]);
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from([0xdc, 0x04, 0x01, 0xbb]),
]);
const LINE = 'PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n';

const from = (header: Buffer) => {
  const read = readProxyHeader(header);
  return read.state === 'read' ? read.from : read.state;
};

test('version 1 tells address and port', () => {
  assert.deepEqual(readProxyHeader(Buffer.from(`${LINE}GET /`)), {
    state: 'read',
    end: LINE.length,
    from: { address: '203.0.113.7', port: 56324 },
  });
  assert.deepEqual(from(Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n')), {
    address: '2001:db8::1',
    port: 56324,
  });
  assert.equal(from(Buffer.from('PROXY UNKNOWN\r\n')), undefined);
  assert.equal(from(Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n')), undefined);
});

test('version 2 tells address and port, with or without extensions', () => {
  const extra = Buffer.from([0x04, 0, 1, 0]);
  assert.deepEqual(from(version2(1, 0x11, ipv4)), { address: '203.0.113.7', port: 56324 });
  assert.deepEqual(from(version2(1, 0x11, ipv4, extra)), { address: '203.0.113.7', port: 56324 });
  assert.deepEqual(from(version2(1, 0x21, ipv6)), { address: '2001:db8::1', port: 56324 });
  assert.equal(from(version2(0, 0x11, ipv4)), undefined);
  assert.equal(from(version2(0, 0, Buffer.alloc(0))), undefined);
  assert.equal(from(version2(1, 0x31, Buffer.alloc(216))), undefined);
  const { end } = readProxyHeader(Buffer.concat([version2(1, 0x11, ipv4, extra), Buffer.from('GET')])) as {
    end: number;
  };
  assert.equal(end, 16 + 12 + 4);
});

test('an IPv4 address in the form of IPv6 is the IPv4 address', () => {
  const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffcb007107', 'hex'), ipv6.subarray(16)]);
  assert.deepEqual(from(version2(1, 0x21, mapped)), { address: '203.0.113.7', port: 56324 });
});

test('a header is waited for byte by byte, and not a byte longer', () => {
  for (const header of [Buffer.from(LINE), version2(1, 0x11, ipv4), version2(1, 0x21, ipv6)]) {
    for (let size = 0; size < header.length; size++)
      assert.equal(readProxyHeader(header.subarray(0, size)).state, 'more', `${size} bytes`);
    assert.equal(readProxyHeader(header).state, 'read');
  }
});

test('anything else is faulty', () => {
  const faulty: readonly (Buffer | string)[] = [
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 203.0.113.7 198.51.100.1 56324\r\n',
    'PROXY TCP4 203.0.113.7 198.51.100.1 56324 443 more\r\n',
    'PROXY TCP4 203.0.113.256 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n',
    'PROXY TCP4 203.0.113.7 198.51.100.1 65536 443\r\n',
    'PROXY TCP4 203.0.113.7 198.51.100.1 007 443\r\n',
    'PROXY TCP5 203.0.113.7 198.51.100.1 1 443\r\n',
    `PROXY TCP6 ${'1'.repeat(120)}`,
    version2(2, 0x11, ipv4),
    version2(1, 0x11, ipv4.subarray(0, 8)),
    version2(1, 0x21, ipv4),
    Buffer.concat([SIGNATURE, Buffer.from([0x11, 0x11, 0, 12]), ipv4]),
    Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])]),
  ];
  for (const header of faulty) assert.equal(readProxyHeader(Buffer.from(header)).state, 'faulty', String(header));
});

const believing = { trustedIps: ['127.0.0.1'], realIpHeader: 'proxy_protocol', realIpRecursive: false };

async function startBehind(options: Partial<GatewayOptions> = {}, ssl = false) {
  const upstream = await startUpstream(echo);
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }] },
    {
      trust: believing,
      listen: [{ host: '127.0.0.1', port: 0, ssl, proxyProtocol: true }],
      tls: serverTls,
      ...options,
    },
  );
  return { running, upstream };
}

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';

/** Headers that the upstream got. */
async function seenAfter(port: number, pieces: readonly (Buffer | string)[]): Promise<Record<string, string>> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const answer = exchangeText(socket, '');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const text = await answer;
  const body = /\{.*\}/s.exec(text)?.[0];
  assert.ok(body, text);
  return (JSON.parse(body) as { headers: Record<string, string> }).headers;
}

test("the address is the client's where the balancer is trusted", async () => {
  const { running, upstream } = await startBehind();
  const seen = await seenAfter(running.port, [LINE + REQUEST]);
  assert.equal(seen['x-real-ip'], '203.0.113.7');
  assert.equal(seen['x-forwarded-for'], '203.0.113.7');
  assert.equal(running.access[0]!.client_ip, '203.0.113.7');
  const second = await seenAfter(running.port, [version2(1, 0x21, ipv6), REQUEST]);
  assert.equal(second['x-real-ip'], '2001:db8::1');
  await running.close();
  await upstream.close();
});

test('a balancer that speaks for itself is the client', async () => {
  const { running, upstream } = await startBehind();
  assert.equal((await seenAfter(running.port, [version2(0, 0, Buffer.alloc(0)), REQUEST]))['x-real-ip'], '127.0.0.1');
  assert.equal((await seenAfter(running.port, ['PROXY UNKNOWN\r\n', REQUEST]))['x-real-ip'], '127.0.0.1');
  await running.close();
  await upstream.close();
});

test('the header is read but not believed when the peer is not trusted, or another header is named', async () => {
  for (const trust of [
    { ...believing, trustedIps: ['10.0.0.0/8'] },
    { ...believing, realIpHeader: 'X-Real-IP' },
  ]) {
    const { running, upstream } = await startBehind({ trust });
    assert.equal((await seenAfter(running.port, [LINE, REQUEST]))['x-real-ip'], '127.0.0.1');
    await running.close();
    await upstream.close();
  }
});

test('it may come in pieces, cut anywhere', async () => {
  const { running, upstream } = await startBehind();
  for (const header of [Buffer.from(LINE), version2(1, 0x11, ipv4)]) {
    for (const cut of [1, 6, 13, header.length - 1]) {
      const pieces = [header.subarray(0, cut), Buffer.concat([header.subarray(cut), Buffer.from(REQUEST.slice(0, 9))])];
      const seen = await seenAfter(running.port, [...pieces, REQUEST.slice(9)]);
      assert.equal(seen['x-real-ip'], '203.0.113.7', `cut at ${cut}`);
    }
  }
  await running.close();
  await upstream.close();
});

test('it stands before the TLS handshake', async () => {
  const { running, upstream } = await startBehind({}, true);
  const raw = connect({ host: '127.0.0.1', port: running.port });
  raw.write(LINE);
  const socket = tls.connect({ socket: raw, rejectUnauthorized: false });
  const text = await exchangeText(socket, REQUEST);
  assert.match(text, /"x-real-ip":"203\.0\.113\.7"/);
  await running.close();
  await upstream.close();
});

test('a connection without it is closed, and nobody else is touched', async () => {
  const { running, upstream } = await startBehind();
  const text = await exchangeText(connect({ host: '127.0.0.1', port: running.port }), REQUEST);
  assert.equal(text, '');
  assert.deepEqual(upstream.seen, []);
  assert.equal((await seenAfter(running.port, [LINE, REQUEST]))['x-real-ip'], '203.0.113.7');
  await running.close();
  await upstream.close();
});

test('a large body right behind it arrives whole', async () => {
  const sizes: number[] = [];
  const upstream = await startUpstream((_request, response, body) => {
    sizes.push(body.length);
    response.end('{}');
  });
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }] },
    { listen: [{ host: '127.0.0.1', port: 0, proxyProtocol: true }] },
  );
  const head = 'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n';
  const text = await exchangeText(
    connect({ host: '127.0.0.1', port: running.port }),
    LINE + head + 'x'.repeat(2_000_000),
  );
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.deepEqual(sizes, [2_000_000]);
  await running.close();
  await upstream.close();
});
