// Whatever a client sends, the answer is one of the contract, and nothing is stored that its own schema would refuse.
// GWCTL_PROPERTY_RUNS sets how many bodies each entity gets: 10 000 take less than a minute.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serveEndpoint } from '../../src/admin/crud.ts';
import { createEndpointFinder } from '../../src/admin/endpoint.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { type Change, createState, type State } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { arbitraryBody } from './arbitrary-entity.ts';

const RUNS = Number(process.env['GWCTL_PROPERTY_RUNS'] ?? 1000);
const ALLOWED = new Set([200, 201, 400, 404, 405, 409]);
const auto = { now: () => 1_790_000_000_000 };
const schemas = createSchemas(bundledPlugins);
const finder = createEndpointFinder(schemas);

/** Entities that generated references may mean. */
const PARENTS: readonly [string, JsonObject][] = [
  ['services', { name: 's', host: 'a.test' }],
  ['routes', { name: 's', paths: ['/'] }],
  ['consumers', { username: 's' }],
  ['consumer_groups', { name: 's' }],
  ['upstreams', { name: 's' }],
  ['key_sets', { name: 's' }],
];
const PARENT_ID = '11111111-1111-4111-8111-111111111111';

function startState(): State {
  const changes = PARENTS.map(([kind, body]): Change => {
    const made = processEntity(schemas, schemas.entities.get(kind)!, { id: PARENT_ID, ...body }, { auto });
    assert.ok(made.ok);
    return { action: 'create', kind, entity: made.entity };
  });
  const state = createState(schemas).with(changes);
  assert.ok(state.ok);
  return state.value;
}

const start = startState();
/** Of those that are accepted now and then: a test that never gets past validation proves little. */
const SELDOM = new Set(['certificates', 'ca_certificates', 'keys', 'snis', 'oauth2_tokens', 'vaults']);

for (const schema of schemas.entities.values()) {
  const path = schema.admin_api_name ?? schema.name;
  if (schema.generate_admin_api === false || finder([path]) === undefined) continue;
  test(`${schema.name}: ${RUNS} generated bodies`, async () => {
    const names = schemas.subschemaNames(schema.name);
    const bodies =
      names.length === 0
        ? [arbitraryBody(schema, schema.fields)]
        : names.map((name) => {
            const subschema = schemas.subschema(schema.name, name)!;
            const key = schema.subschema_key!;
            return arbitraryBody(schema, schemas.fieldsFor(schema, subschema)).map((body) => {
              const wanted = schema.fields[key]!.type === 'set' ? [name] : name;
              return isObject(body) && body[key] !== null ? { ...body, [key]: wanted } : body;
            });
          });
    const request = fc.tuple(
      fc.constantFrom('POST', 'PUT', 'PATCH'),
      fc.constantFrom(PARENT_ID, '22222222-2222-4222-8222-222222222222', 's', 'a', 'A%20b'),
      fc.oneof(...bodies),
      fc.boolean(),
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(request, async ([method, key, body, isForm]) => {
        const store = new MemoryStore(start);
        const endpoint = finder(method === 'POST' ? [path] : [path, key]);
        if (endpoint === undefined || !isObject(body)) return;
        const given = isForm ? (texts(body) as JsonObject) : body;
        const context = { store, auto };
        const reply = await serveEndpoint(context, endpoint, {
          method,
          query: new URLSearchParams(),
          body: given,
          isForm,
        });
        assert.ok(ALLOWED.has(reply.status), `${reply.status} ${JSON.stringify(reply.body)}`);
        if (reply.status >= 300) {
          assert.equal(typeof (reply.body as JsonObject)['message'], 'string');
          assert.equal(store.state, start);
          return;
        }
        accepted += 1;
        const { id } = reply.body as { id: string };
        const stored = store.state.get(schema.name, id);
        assert.ok(stored !== undefined);
        // A hash is stored in place of some values: the rest must be what the schema takes.
        const again = processEntity(schemas, schema, stored, { auto, secrets: 'as-written' });
        assert.ok(again.ok, JSON.stringify(again));
      }),
      { numRuns: RUNS, seed: 20_261_121 },
    );
    if (!SELDOM.has(schema.name)) assert.ok(accepted >= RUNS / 100, `only ${accepted} of ${RUNS} were accepted`);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
}

/** As a form would bring it: everything is text. */
const texts = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(texts);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)]));
  return value === null ? '' : String(value);
};
