// Gateways of other versions: their schemas say what is a difference and what may be sent.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adaptSchemas } from '../../src/control/remote/adapt.ts';
import { createClient } from '../../src/control/remote/client.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { startGateway, startServer } from '../cli/rig.ts';
import { schemas } from './schemas.ts';

const connect = (address: string) =>
  createClient({ address, workspace: undefined, headers: {}, timeoutMs: 5000, tls: {} });

/** The answer of an older gateway: services have other defaults, and a plugin keeps its fields of Redis flat. */
const ANSWERS: Record<string, JsonObject> = {
  '/schemas/services': {
    fields: [
      { id: { type: 'string', uuid: true, auto: true } },
      { created_at: { type: 'integer', timestamp: true, auto: true } },
      { name: { type: 'string' } },
      { retries: { type: 'integer', default: 3, between: [0, 32767] } },
      { protocol: { type: 'string', required: true, default: 'http' } },
      { host: { type: 'string', required: true } },
      { port: { type: 'integer', required: true, default: 80 } },
      { color: { type: 'string', default: 'red' } },
      { tags: { type: 'set', elements: { type: 'string' } } },
    ],
  },
  '/schemas/plugins/rate-limiting': {
    fields: [
      { protocols: { type: 'set', elements: { type: 'string' }, default: ['http'] } },
      {
        config: {
          type: 'record',
          required: true,
          fields: [
            { minute: { type: 'number' } },
            { policy: { type: 'string', default: 'local', len_min: 0 } },
            { redis_host: { type: 'string' } },
            { redis_password: { type: 'string', encrypted: true } },
          ],
        },
      },
    ],
  },
};

describe('schemas of the gateway', () => {
  it('replace defaults and fields of ours', async () => {
    const server = await startServer((request, response) => {
      const answer = ANSWERS[String(request.url)];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { message: 'Not found' }));
    });
    const adapted = await adaptSchemas(await connect(server.address), schemas, undefined, 4);
    await server.close();
    const service = processEntity(
      adapted,
      schemaOf(adapted, 'services'),
      { name: 'a', host: 'h' },
      { auto: { now: () => 1_700_000_000_000 } },
    );
    assert.ok(service.ok);
    assert.equal(service.entity['retries'], 3);
    assert.equal(service.entity['color'], 'red');
    assert.equal(Object.hasOwn(service.entity, 'connect_timeout'), false);
    const wrong = processEntity(
      adapted,
      schemaOf(adapted, 'services'),
      { host: 'h', connect_timeout: 5 },
      { auto: { now: () => 1_700_000_000_000 } },
    );
    assert.ok(!wrong.ok && wrong.errors['connect_timeout'] !== undefined, 'a field that the gateway lacks is no field');

    const plugin = processEntity(
      adapted,
      schemaOf(adapted, 'plugins'),
      { name: 'rate-limiting', config: { minute: 5, policy: 'redis', redis_host: 'r', redis_password: 'x' } },
      { auto: { now: () => 1_700_000_000_000 } },
    );
    assert.ok(plugin.ok, JSON.stringify(plugin));
    assert.deepEqual(plugin.entity['config'], { minute: 5, policy: 'redis', redis_host: 'r', redis_password: 'x' });
    const config = adapted.subschema('plugins', 'rate-limiting')!.fields['config'];
    assert.ok(config?.type === 'record' && config.fields['redis_password']?.encrypted === true);
    assert.equal(adapted.entities.get('routes'), schemas.entities.get('routes'), 'what it does not tell stays ours');
  });

  it('are ours when the gateway is ours', async () => {
    const gateway = await startGateway();
    const adapted = await adaptSchemas(await connect(gateway.address), schemas, undefined, 4);
    await gateway.close();
    const bodies: [string, JsonObject][] = [
      ['services', { name: 'a', url: 'https://h.internal/x' }],
      ['routes', { name: 'r', paths: ['/a'] }],
      ['upstreams', { name: 'u' }],
      ['consumers', { username: 'c' }],
      ...['rate-limiting', 'cors', 'acl', 'proxy-cache', 'session', 'jwt', 'http-log', 'correlation-id'].map(
        (name): [string, JsonObject] => ['plugins', { name, config: configOf(name) }],
      ),
    ];
    for (const [kind, body] of bodies) {
      const make = (set: typeof schemas) => {
        const result = processEntity(set, schemaOf(set, kind), structuredClone(body), {
          auto: { now: () => 1_700_000_000_000 },
        });
        assert.ok(result.ok, `${kind} ${JSON.stringify(body)} ${JSON.stringify(result)}`);
        const { id: _id, ...rest } = result.entity;
        return rest;
      };
      const strip = (value: JsonObject): JsonObject =>
        JSON.parse(JSON.stringify(value).replaceAll(/"secret":"[^"]*"/g, '"secret":""'));
      assert.deepEqual(strip(make(adapted)), strip(make(schemas)), `${kind} ${String(body['name'])}`);
    }
  });
});

function configOf(name: string): JsonObject {
  if (name === 'rate-limiting') return { minute: 5 };
  if (name === 'acl') return { allow: ['a'] };
  if (name === 'proxy-cache') return { strategy: 'memory' };
  return name === 'http-log' ? { http_endpoint: 'http://log.internal/' } : {};
}
