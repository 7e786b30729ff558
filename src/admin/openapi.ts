// The Admin API as an OpenAPI 3.1 document. Paths come from where requests are routed by (endpoint.ts, special.ts), bodies
// from the schemas, so that the document cannot say anything else than the server does.
import type { JsonObject } from '../lib/json.ts';
import { KONG_VERSION } from '../lib/version.ts';
import type { EntitySchema } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { createEndpointFinder, type Endpoint, listEndpoints, METHODS } from './endpoint.ts';
import { describeBodies, inputName, pageName, ref, requiredBody } from './openapi-components.ts';
import { listSpecial, type SpecialRoute } from './special.ts';

export function describeAdminApi(schemas: SchemaSet): JsonObject {
  const find = createEndpointFinder(schemas);
  const paths: Record<string, JsonObject> = {};
  for (const path of listEndpoints(schemas)) {
    const endpoint = find(path.split('/').slice(1));
    if (endpoint !== undefined) paths[path] = describeEndpoint(path, endpoint);
  }
  for (const route of listSpecial()) {
    const path = `/${route.path.join('/')}`;
    paths[path] = { ...paths[path], ...describeSpecial(path, route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Admin API',
      version: KONG_VERSION,
      description: 'Reads and changes the configuration of the gateway, and tells how it is.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost:8001' }],
    tags: [...schemas.entities.values()]
      .filter((schema) => schema.generate_admin_api !== false)
      .map((schema) => ({ name: schema.name, description: schema.describes })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: describeBodies(schemas),
      parameters: PARAMETERS,
      responses: RESPONSES,
    },
  };
}

const PARAMETERS: JsonObject = {
  size: {
    name: 'size',
    in: 'query',
    description: 'Entities of one page.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
  offset: {
    name: 'offset',
    in: 'query',
    description: 'Where the page starts: `offset` of the page before.',
    schema: { type: 'string' },
  },
  tags: {
    name: 'tags',
    in: 'query',
    description: 'Only entities with all of these tags (separated by `,`) or with one of them (separated by `/`).',
    schema: { type: 'string' },
  },
};

const json = (schema: JsonObject): JsonObject => ({ 'application/json': { schema } });
const answer = (description: string, schema: JsonObject): JsonObject => ({ description, content: json(schema) });
const either = (...names: readonly string[]): JsonObject => ({ anyOf: names.map(ref) });
const response = (name: string): JsonObject => ({ $ref: `#/components/responses/${name}` });
const parameter = (name: string): JsonObject => ({ $ref: `#/components/parameters/${name}` });

const RESPONSES: JsonObject = {
  Invalid: answer('The request or a value in it is wrong.', either('Error', 'Message')),
  NotFound: answer('There is no such thing.', either('Message', 'Error')),
  NotAllowed: answer('This cannot be done here.', either('Message', 'Error')),
  Conflict: answer('Another entity has the same unique value.', ref('Error')),
};

function describeEndpoint(path: string, endpoint: Endpoint): JsonObject {
  const item: JsonObject = withParameters(path, endpoint);
  for (const method of METHODS[endpoint.type]) {
    item[method.toLowerCase()] = {
      operationId: operationId(method, path),
      tags: [subjectOf(endpoint).name],
      ...describeOperation(endpoint, method),
    };
  }
  return item;
}

/** The entity that bodies are about. */
const subjectOf = (endpoint: Endpoint): EntitySchema =>
  endpoint.type === 'parent' ? endpoint.parent : endpoint.schema;

function describeOperation(endpoint: Endpoint, method: string): JsonObject {
  const schema = subjectOf(endpoint);
  const isList = endpoint.type === 'collection' || endpoint.type === 'children';
  const word = schema.deck?.kind ?? schema.name;
  const place =
    endpoint.type === 'children' || endpoint.type === 'child'
      ? ` of a ${endpoint.parent.deck?.kind ?? endpoint.parent.name}`
      : endpoint.type === 'parent'
        ? ` of a ${endpoint.schema.deck?.kind ?? endpoint.schema.name}`
        : '';
  const given = endpoint.type === 'children' || endpoint.type === 'child' ? [endpoint.field] : [];
  const one = answer(`The ${word}.`, ref(schema.name));
  switch (method === 'PUT' && schema.put === 'update' ? 'PATCH' : method) {
    case 'GET':
      if (!isList) return { summary: `Read one ${word}${place}`, responses: { 200: one, 404: response('NotFound') } };
      return {
        summary: `List the ${schema.name}${place}`,
        parameters: listParameters(endpoint),
        responses: {
          200: answer('One page.', ref(pageName(schema))),
          400: response('Invalid'),
          ...underParent(endpoint),
        },
      };
    case 'POST':
      return {
        summary: `Create a ${word}${place}`,
        requestBody: bodyOf(requiredBody(schema, given)),
        responses: { 201: one, ...WRITE_ERRORS, ...underParent(endpoint) },
      };
    case 'PUT':
      return {
        summary: `Create or replace a ${word}${place}`,
        requestBody: bodyOf(requiredBody(schema, [...given, schema.endpoint_key ?? 'id'])),
        responses: { 200: one, ...WRITE_ERRORS, ...underParent(endpoint) },
      };
    case 'PATCH':
      return {
        summary: `Change a ${word}${place}`,
        description: 'Fields that are not sent stay; records are merged, lists and maps replaced.',
        requestBody: bodyOf(ref(inputName(schema))),
        responses: { 200: one, ...WRITE_ERRORS, 404: response('NotFound') },
      };
    default:
      return {
        summary: `Delete a ${word}${place}`,
        responses:
          endpoint.type === 'parent'
            ? { 404: response('NotFound'), 405: response('NotAllowed') }
            : { 204: { description: 'It is gone, or never was.' }, 400: response('Invalid'), ...underParent(endpoint) },
      };
  }
}

const WRITE_ERRORS: JsonObject = { 400: response('Invalid'), 409: response('Conflict') };

/** Only a collection has nothing above it that could be missing. */
const underParent = ({ type }: Endpoint): JsonObject =>
  type === 'collection' || type === 'entity' ? {} : { 404: response('NotFound') };

const bodyOf = (schema: JsonObject): JsonObject => ({ required: true, content: json(schema) });

const listParameters = (endpoint: Endpoint): JsonObject[] => [
  parameter('size'),
  parameter('offset'),
  ...(endpoint.type === 'collection' && Object.hasOwn(endpoint.schema.fields, 'tags') ? [parameter('tags')] : []),
];

const METHOD_WORDS: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'create',
  PUT: 'put',
  PATCH: 'change',
  DELETE: 'delete',
};

const operationId = (method: string, path: string): string =>
  [METHOD_WORDS[method] ?? method.toLowerCase(), ...path.split('/').slice(1)]
    .map((part) => part.replaceAll(/[{}]/g, '').replaceAll(/[^A-Za-z0-9]+/g, '_'))
    .filter((part) => part !== '')
    .join('.')
    .concat(path.endsWith('}') ? '.one' : '');

/** `{services}` in a path is the id or the endpoint key of a service. */
function withParameters(path: string, endpoint?: Endpoint): JsonObject {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]!);
  if (names.length === 0) return {};
  const entities = endpoint === undefined ? [] : [endpoint.schema, 'parent' in endpoint ? endpoint.parent : undefined];
  return {
    parameters: names.map((name) => {
      const schema = entities.find((entity) => entity?.name === name);
      const key = schema?.endpoint_key;
      const description =
        schema === undefined
          ? undefined
          : `The id${key === undefined ? '' : ` or the ${key}`} of a ${schema.deck?.kind ?? schema.name}.`;
      return {
        name,
        in: 'path',
        required: true,
        ...(description === undefined ? {} : { description }),
        schema: { type: 'string' },
      };
    }),
  };
}

function describeSpecial(path: string, route: SpecialRoute): JsonObject {
  const item: JsonObject = withParameters(path);
  for (const method of Object.keys(route.methods).sort()) {
    item[method.toLowerCase()] = {
      operationId: operationId(method, path) || `${METHOD_WORDS[method]}.root`,
      summary: route.describes?.[method] ?? `${method} ${path}`,
      ...(method === 'POST' || method === 'PUT' || method === 'PATCH'
        ? { requestBody: { content: json({ type: 'object' }) } }
        : {}),
      responses: { '2XX': { description: 'Done.' }, '4XX': answer('It was refused.', either('Message', 'Error')) },
    };
  }
  return item;
}
