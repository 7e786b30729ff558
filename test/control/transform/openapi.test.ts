// What an OpenAPI document may hold that is seldom seen: references into references, odd names, headers without end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Converted, convertOpenApi } from '../../../src/control/transform/openapi/convert.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

const convert = (document: JsonObject): Converted =>
  convertOpenApi(
    { openapi: '3.1.0', info: { title: 'x' }, ...document },
    {
      name: undefined,
      tags: undefined,
      style: 'deck',
      ids: 'omit',
      security: 'off',
      byHeader: 'split',
      sameServers: 'repeat',
    },
  );

function routesOf(document: JsonObject): JsonObject[] {
  const converted = convert(document);
  assert.ok(converted.ok, JSON.stringify(converted));
  return (converted.content['services'] as JsonObject[]).flatMap(({ routes }) => routes as JsonObject[]);
}

function problemsOf(document: JsonObject): string[] {
  const converted = convert(document);
  assert.ok(!converted.ok);
  return converted.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const pathOf = (path: string): unknown => routesOf({ paths: { [path]: { get: {} } } })[0]?.['paths'];

describe('a path', () => {
  it('is matched as it is written, whatever its characters mean in regular expressions', () => {
    assert.deepEqual(pathOf('/a|b'), ['~/a\\|b$']);
    assert.deepEqual(pathOf('/^a/b$/c\\d'), ['~/\\^a/b\\$/c\\\\d$']);
    assert.deepEqual(pathOf('/v1.0/(x)/[y]'), ['~/v1\\.0/\\(x\\)/\\[y]$']);
  });

  it('has parameters that are names of captures', () => {
    assert.deepEqual(pathOf('/{order-id}/{1st}'), ['~/(?<order_id>[^#?/]+)/(?<_1st>[^#?/]+)$']);
    assert.deepEqual(problemsOf({ paths: { '/{注文}': { get: {} } } }), [
      "paths./{注文}.get: the path parameter '注文' has no Latin letter in its name",
    ]);
  });

  it('need not be there yet', () => {
    assert.deepEqual(routesOf({ paths: [] }), []);
    assert.deepEqual(routesOf({ webhooks: {} }), []);
    assert.deepEqual(problemsOf({ paths: 'none' }), ["paths: 'paths' must be a mapping of paths"]);
  });
});

describe('a mistake', () => {
  it('that several operations share is told once', () => {
    const paths = { '/a': { parameters: [{ $ref: '#/components/parameters/none' }], get: {}, post: {} } };
    assert.deepEqual(problemsOf({ paths }), [
      "paths./a.parameters.0.$ref: '#/components/parameters/none' leads nowhere in this document",
    ]);
  });
});

describe('a header with a list of values', () => {
  const header = (name: string, schema: JsonObject): JsonObject => ({ name, in: 'header', required: true, schema });

  it('makes a route for each of them, also when the list stands elsewhere', () => {
    const parameters = [header('Version', { $ref: '#/components/schemas/Version' })];
    const routes = routesOf({
      paths: { '/a': { get: { parameters } } },
      components: { schemas: { Version: { $ref: '#/components/schemas/All' }, All: { enum: ['v1', 'v2'] } } },
    });
    assert.deepEqual(
      routes.map(({ headers }) => headers),
      [{ Version: ['v1'] }, { Version: ['v2'] }, undefined],
    );
  });

  it('is one header, however its name and its values are written', () => {
    const get = { parameters: [header('X-Env', { enum: ['dev', '', 'DEV'] }), header('a', { enum: [1, 2] })] };
    const parameters = [header('x-env', { enum: ['Dev', 'qa'] }), header('b', { enum: [''] })];
    assert.deepEqual(
      routesOf({ paths: { '/a': { parameters, get } } }).map(({ name, headers }) => [name, headers]),
      [
        ['x_a_get_0', { a: ['1'], 'x-env': ['Dev'] }],
        ['x_a_get_1', { a: ['1'], 'x-env': ['qa'] }],
        ['x_a_get_2', { a: ['2'], 'x-env': ['Dev'] }],
        ['x_a_get_3', { a: ['2'], 'x-env': ['qa'] }],
        ['x_a_get', undefined],
      ],
    );
  });

  it('is refused when it would make routes without end', () => {
    const digits = { enum: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const parameters = Array.from({ length: 20 }, (_, i) => header(`X-${i}`, digits));
    assert.deepEqual(problemsOf({ paths: { '/a': { get: { parameters } } } }), [
      'paths./a.get: its required headers would make more than 1000 routes',
    ]);
  });
});

describe('a schema that is validated', () => {
  const withBody = (schema: JsonObject, more: JsonObject = {}): JsonObject => ({
    'x-kong-plugin-request-validator': {},
    paths: { '/a': { post: { requestBody: { content: { 'application/json': { schema } } } } } },
    ...more,
  });
  const bodyOf = (document: JsonObject): unknown => {
    const [route] = routesOf(document) as { plugins: { config: { body_schema: string } }[] }[];
    return JSON.parse(route!.plugins[0]!.config.body_schema);
  };

  it('takes along what it refers to, wherever that stands', () => {
    const schemas = {
      Order: { type: 'object', properties: { item: { type: 'string' } } },
      'a/b': { type: 'integer' },
      'a b': { type: 'null' },
    };
    const properties = {
      whole: { $ref: '#/components/schemas/Order' },
      part: { $ref: '#/components/schemas/Order/properties/item' },
      slash: { $ref: '#/components/schemas/a~1b' },
      blank: { $ref: '#/components/schemas/a%20b' },
      elsewhere: { $ref: '#/components/parameters/Id/schema' },
    };
    const parameters = { Id: { schema: { type: 'boolean' } } };
    assert.deepEqual(bodyOf(withBody({ properties }, { components: { schemas, parameters } })), {
      properties: {
        whole: { $ref: '#/definitions/Order' },
        part: { $ref: '#/definitions/Order/properties/item' },
        slash: { $ref: '#/definitions/a~1b' },
        blank: { $ref: '#/definitions/a%20b' },
        elsewhere: { $ref: '#/definitions/components_parameters_Id_schema' },
      },
      definitions: { ...schemas, components_parameters_Id_schema: { type: 'boolean' } },
    });
  });

  it('may refer to itself', () => {
    const Node = { properties: { next: { $ref: '#/components/schemas/Node' } } };
    assert.deepEqual(bodyOf(withBody({ $ref: '#/components/schemas/Node' }, { components: { schemas: { Node } } })), {
      $ref: '#/definitions/Node',
      definitions: { Node: { properties: { next: { $ref: '#/definitions/Node' } } } },
    });
  });

  it('must not refer to what is not there, but its examples may hold anything', () => {
    const nowhere = (reference: string): string[] => [
      `paths./a.post.requestBody: '${reference}' leads nowhere in this document`,
    ];
    for (const reference of ['#/components/schemas/100%', 'other.yaml#/Order', '#/components/schemas/__proto__']) {
      assert.deepEqual(problemsOf(withBody({ $ref: reference })), nowhere(reference));
    }
    assert.deepEqual(bodyOf(withBody({ example: { $ref: 'x' } })), { example: { $ref: 'x' } });
  });
});
