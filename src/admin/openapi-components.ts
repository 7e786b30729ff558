// The bodies of the Admin API as JSON Schema, for the description of it: of every entity what a client sends and what is
// answered, of every plugin its configuration, and the two forms of an error.
import type { JsonObject } from '../lib/json.ts';
import type { EntitySchema, Fields } from '../schema/define.ts';
import { type JsonSchemaForm, propertiesOf, schemaOfField } from '../schema/json-schema.ts';
import { both, requirementsOf } from '../schema/requirements.ts';
import type { SchemaSet } from '../schema/schema-set.ts';

export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
export const inputName = (schema: EntitySchema): string => `${schema.name}.input`;
export const pageName = (schema: EntitySchema): string => `${schema.name}.page`;

export function describeBodies(schemas: SchemaSet): JsonObject {
  const components: JsonObject = { Message: MESSAGE, Error: ERROR };
  const answered: JsonSchemaForm = { foreign: () => KEY };
  const sent: JsonSchemaForm = { foreign: ({ reference }) => keySchema(schemas.entities.get(reference)) };
  for (const schema of schemas.entities.values()) {
    if (schema.generate_admin_api === false) continue;
    components[schema.name] = entityBody(schemas, withoutShorthands(schema), answered);
    components[inputName(schema)] = entityBody(schemas, schema, sent);
    components[pageName(schema)] = pageBody(schema);
    for (const name of namedSubschemas(schemas, schema)) {
      for (const [field, definition] of openFields(schemas, schema, name)) {
        components[configName(schema, field, name)] = schemaOfField(definition, sent);
      }
    }
  }
  return components;
}

/** What of an entity must be sent when it is made at a place that gives `given` (the parent, the key) already. */
export function requiredBody(schema: EntitySchema, given: readonly string[]): JsonObject {
  const fields = Object.fromEntries(Object.entries(schema.fields).filter(([name]) => !given.includes(name)));
  const required = requirementsOf(fields, schema.shorthand_fields, schema.entity_checks);
  return Object.keys(required).length === 0 ? ref(inputName(schema)) : { allOf: [ref(inputName(schema)), required] };
}

/** They are never answered. */
const withoutShorthands = ({ shorthand_fields: _shorthands, ...schema }: EntitySchema): EntitySchema => schema;

function entityBody(schemas: SchemaSet, schema: EntitySchema, form: JsonSchemaForm): JsonObject {
  const properties = propertiesOf(schema.fields, schema.shorthand_fields, form);
  if (schema.ttl === true)
    properties['ttl'] = { description: 'Seconds until it is removed.', type: ['integer', 'null'] };
  const cases = namedSubschemas(schemas, schema).map((name) => {
    const configs = openFields(schemas, schema, name).map(([field]) => [field, ref(configName(schema, field, name))]);
    return {
      if: { properties: { [schema.subschema_key!]: { const: name } }, required: [schema.subschema_key!] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: Object.fromEntries(configs) as JsonObject },
    };
  });
  const body: JsonObject = { description: schema.describes, type: 'object', properties };
  return both(body, cases.length === 0 ? {} : { allOf: cases });
}

const pageBody = (schema: EntitySchema): JsonObject => ({
  type: 'object',
  required: ['data', 'next'],
  properties: {
    data: { type: 'array', items: ref(schema.name) },
    next: { description: 'Path of the next page.', type: ['string', 'null'] },
    offset: { description: 'Where the next page starts; absent on the last one.', type: 'string' },
  },
});

/** Subschemas that a text field chooses: plugins and vaults by their name. */
const namedSubschemas = (schemas: SchemaSet, schema: EntitySchema): readonly string[] =>
  schema.subschema_key !== undefined && schema.fields[schema.subschema_key]?.type === 'string'
    ? [...schemas.subschemaNames(schema.name)].sort()
    : [];

/** The fields that the subschema alone describes: `config`. */
function openFields(schemas: SchemaSet, schema: EntitySchema, name: string): [string, Fields[string]][] {
  const own = schemas.subschema(schema.name, name)!.fields;
  return Object.entries(own).filter(([field]) => {
    const general = schema.fields[field];
    return general?.type === 'record' && general.abstract === true;
  });
}

const configName = (schema: EntitySchema, field: string, name: string): string => `${schema.name}.${field}.${name}`;

const UUID: JsonObject = { type: 'string', format: 'uuid' };
const KEY: JsonObject = { type: 'object', properties: { id: UUID }, required: ['id'] };

/** A reference names the other entity by its id or by one of its unique fields. */
function keySchema(schema: EntitySchema | undefined): JsonObject {
  const unique = Object.entries(schema?.fields ?? {}).filter(([, field]) => field.unique === true);
  return {
    type: 'object',
    properties: { id: UUID, ...Object.fromEntries(unique.map(([name]) => [name, { type: 'string' }])) },
    minProperties: 1,
    maxProperties: 1,
  };
}

const MESSAGE: JsonObject = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string' } },
};

const ERROR: JsonObject = {
  description: 'What was wrong, for people (`message`) and for programs (`code`, `fields`).',
  type: 'object',
  required: ['code', 'name', 'message'],
  properties: {
    code: { type: 'integer', minimum: 1 },
    name: { type: 'string' },
    message: { type: 'string' },
    fields: { description: 'What is wrong, by field; `@entity` is about the whole.', type: 'object' },
    options: { description: 'What is wrong, by parameter of the query.', type: 'object' },
  },
};
