// Which clients are asked for a certificate, by what they call the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientAsks } from '../../src/gateway/tls/client-certificates.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { loadState } from './rig.ts';
import { pem } from './tls-rig.ts';

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';

const wanting = (authority: string, tellsNames = false): JsonObject => ({
  name: 'mtls-auth',
  config: { ca_certificates: [authority], send_ca_dn: tellsNames },
});

/** The index over the instances in a state file. */
async function indexOf(content: JsonObject, asks = new ClientAsks()) {
  const state = await loadState({ ca_certificates: [{ id: A, cert: pem('tls', 'ca') }], ...content });
  const instances = state.list('plugins').map((entity) => {
    const config = entity['config'] as { ca_certificates: string[]; send_ca_dn: boolean };
    const certificateWish = { authorities: config.ca_certificates, tellsNames: config.send_ca_dn };
    return { entity, name: 'mtls-auth', priority: 1600, phases: { certificateWish } };
  });
  return asks.index(state, instances);
}

const askedBy = async (content: JsonObject) => {
  const index = await indexOf(content);
  return (name?: string): string[] => [...(index(name)?.authorities ?? [])];
};

const service = (...routes: readonly JsonObject[]): JsonObject => ({
  services: [{ name: 's', url: 'http://127.0.0.1', routes: [...routes] }],
});

test('nobody is asked where no plugin wants it', async () => {
  const asked = await askedBy(service({ name: 'r', paths: ['/'] }));
  assert.deepEqual([asked(), asked('a.test')], [[], []]);
});

test('an instance for everything, or for a route of any host, has everybody asked', async () => {
  for (const content of [
    { plugins: [wanting(A)], ...service({ name: 'r', hosts: ['open.test'] }) },
    service({ name: 'r', paths: ['/'], plugins: [wanting(A)] }, { name: 'open', hosts: ['open.test'] }),
  ]) {
    const asked = await askedBy(content);
    assert.deepEqual([asked(), asked('a.test'), asked('open.test')], [[A], [A], [A]]);
  }
});

test('routes with server names have those asked, and nobody else', async () => {
  const asked = await askedBy(
    service({ name: 'r', protocols: ['https'], snis: ['one.test', '*.two.test'], plugins: [wanting(A)] }),
  );
  assert.deepEqual(
    [asked(), asked('one.test'), asked('ONE.test'), asked('x.two.test'), asked('else.test')],
    [[], [A], [A], [A], []],
  );
});

test('routes with hosts have those asked, and names of no route', async () => {
  const asked = await askedBy(
    service({ name: 'r', hosts: ['one.test'], plugins: [wanting(A)] }, { name: 'open', hosts: ['open.test'] }),
  );
  assert.deepEqual([asked(), asked('one.test'), asked('localhost'), asked('open.test')], [[A], [A], [A], []]);
});

test('an instance of a service speaks for its routes, one of a route in clear text for nobody', async () => {
  const routes = [
    { name: 'one', hosts: ['one.test'] },
    { name: 'two', hosts: ['two.test'] },
  ];
  const content = {
    services: [
      { name: 's', url: 'http://127.0.0.1', plugins: [wanting(A)], routes },
      { name: 't', url: 'http://127.0.0.1', routes: [{ name: 'three', hosts: ['three.test'] }] },
    ],
  };
  const asked = await askedBy(content);
  assert.deepEqual([asked('one.test'), asked('two.test'), asked('three.test')], [[A], [A], []]);
  const clear = await askedBy(service({ name: 'r', protocols: ['http'], paths: ['/'], plugins: [wanting(A)] }));
  assert.deepEqual([clear(), clear('a.test')], [[], []]);
});

test('who may come to several is asked for all, and told names only if all want that', async () => {
  const both = (...tells: readonly boolean[]) =>
    service(
      { name: 'one', paths: ['/one'], plugins: [wanting(A, tells[0])] },
      { name: 'two', paths: ['/two'], hosts: ['a.test'], plugins: [wanting(B, tells[1])] },
    );
  const told = await indexOf(both(true, true));
  assert.deepEqual([...told('a.test')!.authorities].sort(), [A, B]);
  assert.deepEqual(told('a.test')!.told, [pem('tls', 'ca')]);
  assert.deepEqual((await indexOf(both(true, false)))('a.test')!.told, []);
});

test('what is asked for stays the same object over configurations, so that servers are not made anew', async () => {
  const asks = new ClientAsks();
  const first = (await indexOf({ plugins: [wanting(A)] }, asks))('a.test');
  const second = (await indexOf({ plugins: [wanting(A)], consumers: [{ username: 'new' }] }, asks))('b.test');
  assert.ok(first !== undefined);
  assert.equal(first, second);
});
