// `/schemas/…`: the schemas themselves, and validation of a value without storing it.
import { describeEntity, describeSubschema } from '../../schema/describe.ts';
import { processEntity } from '../../schema/validate.ts';
import { apiName } from '../endpoint.ts';
import { message, ok, type Reply, schemaViolation } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const schemaRoutes: readonly SpecialRoute[] = [
  { path: ['schemas', '{name}'], methods: { GET: entitySchema }, describes: { GET: 'The schema of an entity' } },
  {
    path: ['schemas', '{name}', 'validate'],
    methods: { POST: validate },
    describes: { POST: 'Check a value against the schema of its entity, and store nothing' },
  },
  {
    path: ['schemas', 'plugins', '{name}'],
    methods: { GET: (request) => subschema(request, 'plugins', 'plugin') },
    describes: { GET: 'The schema of a plugin' },
  },
  {
    path: ['schemas', 'vaults', '{name}'],
    methods: { GET: (request) => subschema(request, 'vaults', 'vault') },
    describes: { GET: 'The schema of a kind of vault' },
  },
  {
    path: ['schemas', 'filters', '{name}'],
    methods: { GET: ({ params }) => message(404, `Filter '${params[0]}' not found`) },
    describes: { GET: 'The schema of a Wasm filter; this gateway has none' },
  },
  {
    path: ['plugins', 'schema', '{name}'],
    methods: { GET: configSchema },
    describes: { GET: 'The schema of the configuration of a plugin alone' },
  },
];

const findEntity = ({ store }: SpecialRequest, name: string) => {
  const { entities } = store.state.schemas;
  return entities.get(name) ?? [...entities.values()].find((schema) => apiName(schema) === name);
};

const noEntity = (name: string): Reply => message(404, `No entity named '${name}'`);

function entitySchema(request: SpecialRequest): Reply {
  const name = request.params[0]!;
  const schema = findEntity(request, name);
  return schema === undefined ? noEntity(name) : ok(describeEntity(schema));
}

function subschema({ store, params }: SpecialRequest, kind: string, word: string): Reply {
  const name = params[0]!;
  const found = store.state.schemas.subschema(kind, name);
  return found === undefined ? message(404, `No ${word} named '${name}'`) : ok(describeSubschema(found));
}

function configSchema({ store, params }: SpecialRequest): Reply {
  const name = params[0]!;
  const config = store.state.schemas.subschema('plugins', name)?.fields['config'];
  if (config?.type !== 'record') return message(404, `No plugin named '${name}'`);
  return ok(describeSubschema({ fields: config.fields }));
}

function validate(request: SpecialRequest): Reply {
  const name = request.params[0]!;
  const schema = findEntity(request, name);
  if (schema === undefined) return noEntity(name);
  const processed = processEntity(request.store.state.schemas, schema, request.body, { auto: request.auto });
  return processed.ok ? message(200, 'schema validation successful') : schemaViolation(processed.errors);
}
