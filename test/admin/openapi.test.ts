// The OpenAPI document against the specification of OpenAPI, and against the Admin API it describes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { minimalEntity } from '../../scripts/reference/example.ts';
import { describeAdminApi } from '../../src/admin/openapi.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { type Admin, startAdmin } from './rig.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: JsonObject } } };
  readonly responses: Readonly<Record<string, JsonObject>>;
}
type Item = Readonly<Record<string, Operation>>;

const schemas = createSchemas(pluginSchemas);
const document = describeAdminApi(schemas);
const paths = document['paths'] as unknown as Readonly<Record<string, Item>>;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const operations = (): [string, string, Operation][] =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method): [string, string, Operation] => [
      method,
      path,
      item[method]!,
    ]),
  );

let admin: Admin;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.close());

const call = async (method: string, path: string, body?: Json): Promise<{ status: number; body: Json }> => {
  const response = await fetch(`${admin.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) };
};

/** Says what of a value does not fit a schema of the document. */
function compile(schema: JsonObject): (value: Json) => string[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ ...schema, components: document['components'] });
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
const fits = (schema: JsonObject, value: Json): string[] => compile(schema)(value);

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document) as never);
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  assert.match(document['openapi'] as string, /^3\.1\./);
});

test('every path of GET /endpoints is described', async () => {
  const { body } = await call('GET', '/endpoints');
  const listed = (body as { data: string[] }).data;
  assert.ok(listed.length > 50);
  const unnamed = (path: string): string => path.replaceAll(/\{[^}]*\}/g, '{}');
  const described = new Set(Object.keys(paths).map(unnamed));
  assert.deepEqual(
    listed.filter((path) => !described.has(unnamed(path))),
    [],
  );
});

test('every operation has a name of its own and a summary', () => {
  const names = operations().map(([, , operation]) => operation.operationId);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  for (const [method, path, { summary }] of operations()) {
    assert.ok(!summary.includes('/'), `${method} ${path}: its route says nothing in \`describes\``);
  }
});

test('the methods of a path are those that the server allows', async () => {
  for (const [path, item] of Object.entries(paths)) {
    const response = await fetch(admin.url + path.replaceAll(/\{[^}]*\}/g, 'x'), { method: 'OPTIONS' });
    await response.arrayBuffer();
    const allowed = (response.headers.get('allow') ?? '').split(', ').filter((name) => !/OPTIONS|HEAD/.test(name));
    const described = METHODS.filter((method) => item[method] !== undefined).map((method) => method.toUpperCase());
    assert.deepEqual(described.sort(), allowed.sort(), path);
  }
});

test('every reference inside of the document leads somewhere', () => {
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (key !== '$ref') visit(item);
        else {
          const steps = String(item).split('/').slice(1);
          const target = steps.reduce<unknown>((node, step) => (node as Record<string, unknown>)?.[step], document);
          assert.notEqual(target, undefined, String(item));
        }
      }
    }
  };
  visit(document);
});

const bodyOf = (path: string, method: string): JsonObject =>
  paths[path]![method]!.requestBody!.content['application/json'].schema;
const answerOf = (path: string, method: string, status: string): JsonObject =>
  (paths[path]![method]!.responses[status] as { content: { 'application/json': { schema: JsonObject } } }).content[
    'application/json'
  ].schema;

test('bodies that the server takes and gives fit the document', async () => {
  const service: JsonObject = { name: 'orders', url: 'http://orders.test/api' };
  assert.deepEqual(fits(bodyOf('/services', 'post'), service), []);
  const made = await call('POST', '/services', service);
  assert.equal(made.status, 201);
  assert.deepEqual(fits(answerOf('/services', 'post', '201'), made.body), []);

  const route: JsonObject = { paths: ['/orders'], service: { name: 'orders' } };
  assert.deepEqual(fits(bodyOf('/routes', 'post'), route), []);
  const madeRoute = await call('POST', '/routes', route);
  assert.equal(madeRoute.status, 201);
  assert.deepEqual(fits(answerOf('/routes', 'post', '201'), madeRoute.body), []);

  const plugin: JsonObject = { name: 'rate-limiting', config: { minute: 5 } };
  assert.deepEqual(fits(bodyOf('/services/{services}/plugins', 'post'), plugin), []);
  const madePlugin = await call('POST', '/services/orders/plugins', plugin);
  assert.equal(madePlugin.status, 201);
  assert.deepEqual(fits(answerOf('/services/{services}/plugins', 'post', '201'), madePlugin.body), []);

  const list = await call('GET', '/services?size=1');
  assert.deepEqual(fits(answerOf('/services', 'get', '200'), list.body), []);
});

test('every plugin can be configured as the document says, and is answered as it says', async () => {
  const validateBody = compile(bodyOf('/plugins', 'post'));
  const validateAnswer = compile(answerOf('/plugins', 'post', '201'));
  for (const { name } of pluginSchemas) {
    const body = minimalEntity(schemas, schemaOf(schemas, 'plugins'), { name })!;
    assert.deepEqual(validateBody(body), [], name);
    const made = await call('POST', '/plugins', body);
    assert.equal(made.status, 201, `${name}: ${JSON.stringify(made.body)}`);
    assert.deepEqual(validateAnswer(made.body), [], name);
  }
});

test('bodies that the server refuses do not fit, and its errors are described', async () => {
  const wrong: [string, JsonObject][] = [
    ['/services', { name: 'orders-2' }],
    ['/services', { host: 'a.test', port: 70000 }],
    ['/consumers', {}],
    ['/plugins', { name: 'cors', config: { credentials: 'yes' } }],
  ];
  for (const [path, body] of wrong) {
    assert.notDeepEqual(fits(bodyOf(path, 'post'), body), [], JSON.stringify(body));
    const answered = await call('POST', path, body);
    assert.equal(answered.status, 400);
    assert.deepEqual(fits({ $ref: '#/components/schemas/Error' }, answered.body), []);
  }
});

test('a name that the path gives, or the parent, need not be in the body', () => {
  assert.deepEqual(fits(bodyOf('/snis/{snis}', 'put'), { certificate: { id: crypto.randomUUID() } }), []);
  assert.deepEqual(fits(bodyOf('/upstreams/{upstreams}/targets', 'post'), { target: '10.0.0.1:80' }), []);
  assert.notDeepEqual(fits(bodyOf('/upstreams/{upstreams}/targets', 'post'), {}), []);
});

test('lists take size and offset, and tags where the server filters by them', () => {
  const names = (path: string): string[] =>
    (paths[path]!['get']!.parameters ?? []).map(({ $ref }) => $ref?.split('/').at(-1) ?? '');
  assert.deepEqual(names('/services'), ['size', 'offset', 'tags']);
  assert.deepEqual(names('/services/{services}/routes'), ['size', 'offset']);
});

test('PUT of a target is told as what it is: a change of what is there', () => {
  const { put, patch } = paths['/upstreams/{upstreams}/targets/{targets}']!;
  const { operationId, ...told } = put!;
  assert.deepEqual({ ...told, operationId: patch!.operationId }, patch);
  assert.notEqual(operationId, patch!.operationId);
});
