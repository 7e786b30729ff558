// Reading from and writing to Admin APIs that are older, newer or stranger than ours: real HTTP on both ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { loadTexts } from '../../src/control/file/load.ts';
import { raise } from '../../src/control/file/raise.ts';
import { diffStates } from '../../src/control/plan/diff.ts';
import { operationsOf } from '../../src/control/plan/plan.ts';
import { type AdminClient, createClient } from '../../src/control/remote/client.ts';
import { readState } from '../../src/control/remote/read.ts';
import { createSubschemaSource, toSubschema } from '../../src/control/remote/schemas.ts';
import { requestFor } from '../../src/control/remote/target.ts';
import { GwctlError } from '../../src/lib/errors.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { schemas } from './schemas.ts';

/** Answers `GET path?query` from a table; what is not there is an empty list, or the status of the table. */
async function withApi<T>(
  table: Readonly<Record<string, Json | number>>,
  use: (client: AdminClient, requests: string[]) => Promise<T>,
  workspace?: string,
): Promise<T> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const url = request.url ?? '';
    const answer = table[url] ?? table[url.split('?')[0]!] ?? { data: [] };
    if (typeof answer === 'number') response.writeHead(answer).end('{"message":"Not found"}');
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const client = await createClient({ address, workspace, headers: {}, timeoutMs: 5000, tls: {} });
    return await use(client, requests);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const ID = (n: number): string => `${String(n).repeat(8)}-1111-4111-8111-111111111111`;
const service = (n: number, more: JsonObject = {}): JsonObject => ({ id: ID(n), name: `s${n}`, host: 'h', ...more });

describe('reading a gateway', () => {
  it('follows the offset of pages and asks for 1000 a page', async () => {
    const pages = {
      '/services?size=1000': { data: [service(1)], next: '/elsewhere', offset: 'a/b=' },
      '/services?size=1000&offset=a%2Fb%3D': { data: [service(2)], offset: 'c' },
      '/services?size=1000&offset=c': { data: [service(3)] },
    };
    const names = await withApi(pages, async (client) =>
      (await readState(client, schemas)).state.list('services').map(({ name }) => name),
    );
    assert.deepEqual(names, ['s1', 's2', 's3']);
  });

  it('takes a missing optional collection for an empty one, and a missing required one for an error', async () => {
    const optional = {
      ...{ '/key-sets': 404, '/vaults': 403, '/keys': 404, '/ca_certificates': 404, '/key-auths': 404 },
      ...{ '/consumer_groups': 403, '/partials': 403 },
    };
    assert.equal(
      await withApi(optional, async (client) => (await readState(client, schemas)).state.count('vaults')),
      0,
    );
    await assert.rejects(
      withApi({ '/services': 404 }, (client) => readState(client, schemas)),
      (error) =>
        error instanceof GwctlError &&
        error.code === 'E_REMOTE' &&
        /GET \/services.* answered status 404/.test(error.message),
    );
  });

  it('reads targets below each upstream', async () => {
    const upstream = { id: ID(1), name: 'u.internal' };
    const table = {
      '/upstreams': { data: [upstream] },
      [`/upstreams/${ID(1)}/targets`]: {
        data: [{ id: ID(2), target: '10.0.0.1:80', weight: 5, upstream: { id: ID(1) }, created_at: 1700000000.123 }],
      },
    };
    const { state } = await withApi(table, (client) => readState(client, schemas));
    assert.equal(state.list('targets')[0]!['weight'], 5);
  });

  it('prefixes paths with the workspace', async () => {
    const asked = await withApi(
      {},
      async (client, requests) => {
        await readState(client, schemas);
        return requests;
      },
      'team',
    );
    assert.ok(asked.length > 5 && asked.every((path) => path.startsWith('/team/')));
  });

  it('drops fields of newer gateways and fills those that older ones lack', async () => {
    const { state } = await withApi(
      { '/services': { data: [service(1, { brand_new: { x: 1 }, __proto__: { y: 1 } })] } },
      (client) => readState(client, schemas),
    );
    const found = state.list('services')[0]!;
    assert.equal(Object.hasOwn(found, 'brand_new'), false);
    assert.equal(found['retries'], 5);
  });

  it('finds no difference when a gateway answers deprecated names beside the new ones, or instead of them', async () => {
    const redis = { host: 'r.internal', port: 6379 };
    for (const config of [
      { minute: 5, policy: 'redis', redis, redis_host: 'r.internal', redis_port: 6379 },
      { minute: 5, policy: 'redis', redis_host: 'r.internal', redis_port: 6379 },
    ]) {
      const plugin = {
        id: ID(1),
        name: 'rate-limiting',
        config,
        protocols: ['http', 'https', 'grpc', 'grpcs'],
        enabled: true,
      };
      const { state } = await withApi({ '/plugins': { data: [plugin] } }, (client) => readState(client, schemas));
      const text =
        '_format_version: "3.0"\nplugins:\n- name: rate-limiting\n  config: {minute: 5, policy: redis, redis: {host: r.internal}}\n';
      const loaded = await loadTexts([{ name: 'f', text }], {
        schemas,
        ids: 'from-current',
        current: async () => state,
      });
      assert.ok(loaded.ok);
      assert.deepEqual(operationsOf(diffStates(state, loaded.state, { schemas: loaded.schemas })), []);
    }
  });

  it('keeps the configuration of a plugin that is not known here, and writes it back the same', async () => {
    const config = { list: [1, { a: null }], nothing: null, text: 'x' };
    const plugin = { id: ID(1), name: 'their-own', config, enabled: true, protocols: ['http'] };
    const { state } = await withApi({ '/plugins': { data: [plugin] } }, (client) => readState(client, schemas));
    assert.deepEqual(state.list('plugins')[0]!['config'], config);
    const file = raise(schemas, state);
    const loaded = await loadTexts([{ name: 'f', text: JSON.stringify(file) }], {
      schemas,
      ids: 'from-current',
      current: async () => state,
    });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    assert.deepEqual(operationsOf(diffStates(state, loaded.state, { schemas: loaded.schemas })), []);
  });

  it('borrows what selected entities refer to', async () => {
    const table = {
      '/routes?size=1000&tags=a,b': {
        data: [{ id: ID(1), name: 'r', paths: ['/'], service: { id: ID(2) }, tags: ['a', 'b'] }],
      },
      [`/services/${ID(2)}`]: service(2),
    };
    const { state, borrowed } = await withApi(table, (client) =>
      readState(client, schemas, { selectTags: ['a', 'b'] }),
    );
    assert.deepEqual([...borrowed], [`services/${ID(2)}`]);
    assert.equal(state.count('routes'), 1);
  });

  it('borrows a consumer group, which is answered among its members', async () => {
    const plugin = { id: ID(1), name: 'rate-limiting', config: { minute: 1 }, consumer_group: { id: ID(2) } };
    const table = {
      '/plugins?size=1000&tags=a': { data: [plugin] },
      [`/consumer_groups/${ID(2)}`]: { consumers: [{ id: ID(3) }], consumer_group: { id: ID(2), name: 'gold' } },
    };
    const { state } = await withApi(table, (client) => readState(client, schemas, { selectTags: ['a'] }));
    assert.equal(state.get('consumer_groups', ID(2))?.['name'], 'gold');
  });
});

describe('schemas of plugins from the gateway', () => {
  const body: JsonObject = {
    fields: [
      {
        protocols: {
          type: 'set',
          required: true,
          default: ['http'],
          elements: { type: 'string', one_of: ['http', 'grpc'] },
        },
      },
      {
        config: {
          type: 'record',
          required: true,
          fields: [
            { limit: { type: 'integer', default: 3, between: [0, 9] } },
            { secret: { type: 'string', encrypted: true } },
            { headers: { type: 'map', keys: { type: 'string' }, values: { type: 'string' } } },
            { redis: { type: 'record', required: true, fields: [{ host: { type: 'string', default: 'localhost' } }] } },
          ],
          shorthand_fields: [
            { redis_host: { type: 'string', deprecation: { replaced_with: [{ path: ['redis', 'host'] }] } } },
            { old_limit: { type: 'integer', translate_backwards: ['limit'] } },
          ],
        },
      },
    ],
  };

  it('validate, fill defaults and follow deprecated names', async () => {
    const subschemas = async () => toSubschema(body);
    const load = (config: string) =>
      loadTexts([{ name: 'f', text: `_format_version: "3.0"\nplugins:\n- name: their-own\n  config: ${config}\n` }], {
        schemas,
        ids: 'deterministic',
        subschemas,
      });
    const right = await load('{redis_host: r.internal, old_limit: 7}');
    assert.ok(right.ok, JSON.stringify(right));
    assert.deepEqual(right.state.list('plugins')[0]!['config'], {
      limit: 7,
      secret: null,
      headers: null,
      redis: { host: 'r.internal' },
    });
    const wrong = await load('{limit: 10}');
    assert.equal(wrong.ok ? '' : wrong.diagnostics[0]!.message, 'config.limit: value should be between 0 and 9');
  });

  it('are asked for once, and a plugin nobody knows is no error', async () => {
    await withApi({ '/schemas/plugins/their-own': body, '/schemas/plugins/nobody': 404 }, async (client, requests) => {
      const source = createSubschemaSource(client);
      assert.ok((await source('plugins', 'their-own'))?.fields['config']);
      await source('plugins', 'their-own');
      assert.equal(await source('plugins', 'nobody'), undefined);
      assert.equal(requests.length, 2);
    });
  });
});

describe('requests of a sync', () => {
  const load = async (text: string) => {
    const result = await loadTexts([{ name: 'f', text: `_format_version: "3.0"\n${text}` }], {
      schemas,
      ids: 'deterministic',
    });
    assert.ok(result.ok);
    return result.state;
  };

  it('write children below their parent, by ids', async () => {
    const state = await load(
      'upstreams:\n- name: u.internal\n  targets: [{target: 10.0.0.1}]\nconsumers:\n- username: bob\n  keyauth_credentials: [{key: abc}]\n',
    );
    const [upstream, target] = [state.list('upstreams')[0]!, state.list('targets')[0]!];
    const [consumer, key] = [state.list('consumers')[0]!, state.list('keyauth_credentials')[0]!];
    const put = requestFor(schemas, { kind: 'targets', action: 'create', label: '', after: target });
    // A target cannot be made by PUT.
    assert.deepEqual([put.method, put.path], ['POST', `/upstreams/${upstream.id}/targets`]);
    assert.equal(JSON.parse(put.body!).id, target.id);
    assert.equal(JSON.parse(put.body!).target, '10.0.0.1:8000');
    const del = requestFor(schemas, { kind: 'keyauth_credentials', action: 'delete', label: '', before: key });
    assert.deepEqual(del, { method: 'DELETE', path: `/consumers/${consumer.id}/key-auth/${key.id}`, body: null });
    const set = requestFor(schemas, { kind: 'key_sets', action: 'delete', label: '', before: { id: ID(1) } });
    assert.equal(set.path, `/key-sets/${ID(1)}`);
  });

  it('name what a target is to lose, because its PUT keeps what is not named', async () => {
    const read = async (tags: string) =>
      (await load(`upstreams:\n- name: u.internal\n  targets: [{target: 10.0.0.1${tags}}]\n`)).list('targets')[0]!;
    const [before, after] = [await read(', tags: [a]'), await read('')];
    const changes = [{ path: ['tags'], before: ['a'], after: null }];
    const { method, path, body } = requestFor(schemas, {
      kind: 'targets',
      action: 'update',
      label: '',
      before,
      after,
      changes,
    });
    assert.deepEqual(
      [method, path, JSON.parse(body!)],
      ['PATCH', `/upstreams/${(after['upstream'] as { id: string }).id}/targets/${after.id}`, { tags: null }],
    );
  });

  it('hold the whole entity, without nulls that mean nothing and without what the gateway makes', async () => {
    const state = await load('services:\n- name: a\n  host: h\n  retries: null\n');
    const { body } = requestFor(schemas, {
      kind: 'services',
      action: 'create',
      label: '',
      after: state.list('services')[0]!,
    });
    assert.deepEqual(JSON.parse(body!), {
      id: state.list('services')[0]!.id,
      name: 'a',
      retries: null,
      protocol: 'http',
      host: 'h',
      port: 80,
      connect_timeout: 60000,
      write_timeout: 60000,
      read_timeout: 60000,
      enabled: true,
    });
  });
});
