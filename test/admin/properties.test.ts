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
import { createState } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { arbitraryBody } from './arbitrary-entity.ts';

const RUNS = Number(process.env['GWCTL_PROPERTY_RUNS'] ?? 300);
const ALLOWED = new Set([200, 201, 400, 404, 405, 409]);
const auto = { now: () => 1_790_000_000_000 };
const schemas = createSchemas(bundledPlugins);
const finder = createEndpointFinder(schemas);

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
      fc.constantFrom('11111111-1111-4111-8111-111111111111', 'a', 'A%20b'),
      fc.oneof(...bodies),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(request, async ([method, key, body, isForm]) => {
        const store = new MemoryStore(createState(schemas));
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
          assert.equal(store.state.count(schema.name), 0);
          return;
        }
        const [stored] = store.state.list(schema.name);
        assert.ok(stored !== undefined);
        // A hash is stored in place of some values: the rest must be what the schema takes.
        const again = processEntity(schemas, schema, stored, { auto, secrets: 'as-written' });
        assert.ok(again.ok, JSON.stringify(again));
      }),
      { numRuns: RUNS, seed: 20_261_121 },
    );
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
}

/** As a form would bring it: everything is text. */
const texts = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(texts);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)]));
  return value === null ? '' : String(value);
};
