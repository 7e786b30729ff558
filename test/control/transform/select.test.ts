// Selectors: the standard's JSONPath, and what people write who know decK's or JavaScript's.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPlaces } from '../../../src/control/transform/select.ts';

const FILE = {
  services: [
    { name: 'orders-v1', port: 80, path: "it's" },
    { name: 'Orders', port: 443 },
    { name: 'pay/ments', tags: ['a', 'b'], routes: [{ name: 'r1' }] },
  ],
  routes: [{ name: 'r2', 'odd-key': 'x1' }],
};
const namesIn = (selector: string): unknown[] =>
  findPlaces(selector, FILE).map(({ value }) => (value as { name?: unknown }).name ?? value);

describe('a selector', () => {
  const CASES: [string, unknown[]][] = [
    ['$.services[0]', ['orders-v1']],
    ['services[-1:]', ['pay/ments']],
    ['$.services[::2]', ['orders-v1', 'pay/ments']],
    ['.services[*].port', [80, 443]],
    ['$..routes[*]', ['r2', 'r1']],
    ['$["services"][0,1]["name"]', ['orders-v1', 'Orders']],
    ["$.services[?(@.name == 'Orders')]", ['Orders']],
    ['$.services[?@.tags]', ['pay/ments']],
    ['$.services[?!@.port]', ['pay/ments']],
    ['$.services[?@.port > 80 && @.name != "x"]', ['Orders']],
    ["$.services[?@.name === 'Orders' || @.port !== 443]", ['orders-v1', 'Orders', 'pay/ments']],
    ['$.services[?search(@.name, "^O")]', ['Orders']],
    ['$.services[?search(@.name, "(?i)^o")]', ['orders-v1', 'Orders']],
    ['$.services[?search(@.name, "v\\\\d")]', ['orders-v1']],
    ['$.services[?match(@.name, "Order|Orders")]', ['Orders']],
    ['$.services[?match(@.name, "(?i)ORDERS")]', ['Orders']],
    ['$.services[?@.name =~ /^\\w+$/]', ['Orders']],
    ['$.services[?(@.name =~ /^ORDERS-V\\d$/i)]', ['orders-v1']],
    ['$.services[?@.name =~ /y\\/m/]', ['pay/ments']],
    ["$.services[?@.path =~ /^it's$/]", ['orders-v1']],
    ["$.routes[?@['odd-key'] =~ /\\d/]", ['r2']],
    ["$.services[?@.name == '@.x =~ /y/ === z']", []],
    ['$.nothing[*]', []],
  ];
  for (const [selector, found] of CASES) {
    it(`${selector} finds ${JSON.stringify(found)}`, () => assert.deepEqual(namesIn(selector), found));
  }

  it('that makes no sense is refused', () => {
    for (const selector of ['$.services[', '$.services[?search(@.name, "(")]', '$.services[?@.name =~ /[/]']) {
      assert.throws(() => findPlaces(selector, FILE), { code: 'E_USAGE' }, selector);
    }
  });
});
