import assert from 'node:assert/strict';
import { BlockList, isIPv6 } from 'node:net';
import { test } from 'node:test';
import { addressSet } from './ranges.ts';

test('addresses and ranges of both families', () => {
  const set = addressSet(['10.0.0.1', '192.168.0.0/16', '2001:db8::/32', '::1']);
  for (const inside of [
    '10.0.0.1',
    '192.168.0.0',
    '192.168.255.255',
    '2001:db8::',
    '2001:db8:ffff::1',
    '::1',
    '0:0:0:0:0:0:0:1',
  ]) {
    assert.equal(set.has(inside), true, inside);
  }
  for (const outside of [
    '10.0.0.2',
    '192.169.0.0',
    '192.167.255.255',
    '2001:db9::',
    '::2',
    '::',
    '',
    'unix:',
    '0.0.0.1',
  ]) {
    assert.equal(set.has(outside), false, outside);
  }
});

test('everything of a family, and nothing of the other', () => {
  const v4 = addressSet(['0.0.0.0/0']);
  const v6 = addressSet(['::/0']);
  assert.deepEqual([v4.has('255.255.255.255'), v4.has('::1')], [true, false]);
  assert.deepEqual([v6.has('ffff::'), v6.has('1.2.3.4')], [true, false]);
});

test('an IPv4 address in IPv6 clothes is an IPv4 address', () => {
  assert.equal(addressSet(['10.0.0.0/8']).has('::ffff:10.1.2.3'), true);
  assert.equal(addressSet(['::ffff:10.0.0.0/104']).has('10.1.2.3'), true);
  assert.equal(addressSet(['::ffff:10.0.0.0/104']).has('11.1.2.3'), false);
});

test('a range may be written with bits behind its length, and ranges may overlap', () => {
  const set = addressSet(['10.1.2.3/8', '10.9.0.0/16', '9.255.255.255', '11.0.0.0']);
  for (const inside of ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'])
    assert.equal(set.has(inside), true, inside);
  for (const outside of ['9.255.255.254', '11.0.0.1']) assert.equal(set.has(outside), false, outside);
});

test('agrees with the list of Node on a thousand random ranges', () => {
  let seed = 7;
  const random = (limit: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % limit;
  };
  const address = (): string =>
    random(2) === 0
      ? Array.from({ length: 4 }, () => random(4)).join('.')
      : `2001:${Array.from({ length: 7 }, () => random(3).toString(16)).join(':')}`;
  const entries: string[] = [];
  const list = new BlockList();
  for (let i = 0; i < 1000; i++) {
    const ip = address();
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
    const bits = family === 'ipv6' ? 100 + random(29) : 28 + random(5);
    entries.push(`${ip}/${bits}`);
    list.addSubnet(ip, bits, family);
  }
  const set = addressSet(entries);
  for (let i = 0; i < 5000; i++) {
    const ip = address();
    assert.equal(set.has(ip), list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4'), ip);
  }
});

test('what is no address is refused', () => {
  assert.throws(() => addressSet(['example.com']), /invalid ip or cidr range: 'example.com'/);
});
