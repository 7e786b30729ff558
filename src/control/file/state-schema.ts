// The grammar of state files as JSON Schema, so that an editor completes and checks while one types. It is made from the
// same grammar that reads the files. What only the whole set of files can tell - does a reference exist, is a name taken -
// stays with `validate`. What `_info.defaults` supplies an editor still asks for.
import type { JsonObject } from '../../lib/json.ts';
import type { EntitySchema, Fields } from '../../schema/define.ts';
import { type JsonSchemaForm, propertiesOf, schemaOfField } from '../../schema/json-schema.ts';
import { both, refusesNothing, requirementsOf } from '../../schema/requirements.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { createGrammar, type EntityForm, type Grammar, IGNORED_KEYS } from './grammar.ts';
import { UNSUPPORTED_INFO } from './unsupported.ts';

const TEMPLATE = '\\$\\{\\{\\s*env\\s[^}]*\\}\\}';

export function stateJsonSchema(schemas: SchemaSet): JsonObject {
  const grammar = createGrammar(schemas);
  const form: JsonSchemaForm = {
    placeholder: { inText: TEMPLATE, whole: `^${TEMPLATE}$` },
    foreign: ({ reference }) => referenceSchema(grammar, reference),
  };
  const definitions: JsonObject = {};
  const sections: JsonObject = {};
  for (const entity of grammar.values()) {
    const { name, describes } = entity.schema;
    definitions[`${name}.fields`] = fieldsSchema(schemas, grammar, entity, form);
    definitions[name] = entitySchema(schemas, entity, form);
    for (const subschema of namedSubschemas(schemas, entity.schema)) {
      const config = schemas.subschema(name, subschema)!.fields[entity.open?.field ?? ''];
      if (config !== undefined) definitions[configName(entity, subschema)] = schemaOfField(config, form);
    }
    sections[name] = {
      description: `All ${name}, each ${describes}.`,
      type: ['array', 'null'],
      items: both({ type: 'object', $ref: ref(name) }, requiredParents(entity.schema, undefined)),
    };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'State file',
    description: 'The configuration of an API gateway, as gwctl reads it.',
    type: 'object',
    required: ['_format_version'],
    properties: { ...headerProperties(grammar), ...sections, ...ignoredProperties() },
    additionalProperties: false,
    $defs: definitions,
  };
}

const ref = (name: string): string => `#/$defs/${name}`;
const configName = (entity: EntityForm, subschema: string): string =>
  `${entity.schema.name}.${entity.open?.field ?? ''}.${subschema}`;

/** A name or an id, as text or as an object with that one key. */
function referenceSchema(grammar: Grammar, reference: string): JsonObject {
  const names = ['id', ...(grammar.get(reference)?.names ?? [])];
  return {
    type: ['string', 'object'],
    minLength: 1,
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
  };
}

/** Whatever may stand in an entity, wherever it stands. */
function fieldsSchema(schemas: SchemaSet, grammar: Grammar, entity: EntityForm, form: JsonSchemaForm): JsonObject {
  const { schema, children, open } = entity;
  const properties = propertiesOf(schema.fields, schema.shorthand_fields, form);
  if (schema.ttl === true) {
    properties['ttl'] = { description: 'Seconds until it is removed.', type: ['integer', 'null'], minimum: 0 };
  }
  const names = namedSubschemas(schemas, schema);
  if (names.length > 0) Object.assign(properties[schema.subschema_key!]!, { examples: names });
  for (const [key, child] of children) {
    const item: JsonObject = {
      type: isWrittenAsText(child.schema, child.field) ? ['object', 'string'] : 'object',
      $ref: ref(child.schema.name),
      properties: { [child.field]: false, ...refusedUnder(schemas, child.schema, child.field) },
    };
    properties[key] = {
      description: `Its ${child.schema.name}, each ${child.schema.describes}.`,
      type: ['array', 'null'],
      items: both(item, requiredParents(child.schema, child.field)),
    };
  }
  for (const [key, link] of entity.links) {
    const field = link.schema.fields[link.other];
    properties[key] = {
      description: `References, each the other side of ${link.schema.describes}.`,
      type: ['array', 'null'],
      items: field?.type === 'foreign' ? linkItem(field.reference) : {},
    };
  }
  const flat = schema.overlay?.flat;
  if (flat !== undefined) properties[flat.section] = pairsSchema(grammar, schema, [flat.other]);
  if (open !== undefined) {
    properties[open.key] = {
      description: `Name of a value in ${open.section}, over which ${open.field} is laid.`,
      type: ['string', 'null'],
    };
  }
  return { properties: { ...properties, ...ignoredProperties() }, additionalProperties: false };
}

/** The name of one, or an object that names it among other fields. */
const linkItem = (reference: string): JsonObject => ({
  description: `One of the ${reference}.`,
  type: ['string', 'object'],
  minLength: 1,
  minProperties: 1,
});

/** The fields, what of them must be written, and what the chosen subschema (of a plugin) adds to both. */
function entitySchema(schemas: SchemaSet, entity: EntityForm, form: JsonSchemaForm): JsonObject {
  const { schema } = entity;
  const key = schema.subschema_key;
  const cases = namedSubschemas(schemas, schema).map((name) => ({
    if: { properties: { [key!]: { const: name } }, required: [key!] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: caseSchema(schemas, entity, name, form),
  }));
  const base: JsonObject = { description: schema.describes, $ref: ref(`${schema.name}.fields`) };
  const required = requirementsOf(
    withoutParents(schema.fields),
    schema.shorthand_fields,
    schema.entity_checks,
    TEMPLATE,
  );
  return both(both(base, required), cases.length === 0 ? {} : { allOf: cases });
}

function caseSchema(schemas: SchemaSet, entity: EntityForm, name: string, form: JsonSchemaForm): JsonObject {
  const { schema, open } = entity;
  const { fields, entity_checks } = schemas.subschema(schema.name, name)!;
  const properties = propertiesOf(fields, undefined, form);
  if (open !== undefined && fields[open.field] !== undefined)
    properties[open.field] = { $ref: ref(configName(entity, name)) };
  const required = requirementsOf(fields, undefined, entity_checks, TEMPLATE);
  if (Object.keys(required).length === 0) return { properties };
  if (open === undefined) return both({ properties }, required);
  // What a shared value may hold need not be written here.
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { properties, if: { not: { required: [open.key] } }, then: required };
}

/** Plugins that cannot be scoped to this parent. */
function refusedUnder(schemas: SchemaSet, schema: EntitySchema, parent: string): JsonObject {
  const names = namedSubschemas(schemas, schema).filter(
    (name) => schemas.subschema(schema.name, name)!.fields[parent]?.eq === null,
  );
  return names.length === 0 ? {} : { [schema.subschema_key!]: { not: { enum: names } } };
}

/** Names that choose a subschema by a text field: of plugins and vaults, not the protocols of a route. */
const namedSubschemas = (schemas: SchemaSet, schema: EntitySchema): readonly string[] =>
  schema.subschema_key !== undefined && schema.fields[schema.subschema_key]?.type === 'string'
    ? [...schemas.subschemaNames(schema.name)].sort()
    : [];

const isParent = (field: Fields[string]): boolean => field.type === 'foreign' && field.in_file?.nest === true;

const withoutParents = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, field]) => !isParent(field)));

/** Parents that must be named, except the one it is nested in. */
function requiredParents(schema: EntitySchema, nestedIn: string | undefined): JsonObject {
  const names = Object.entries(schema.fields)
    .filter(([name, field]) => isParent(field) && field.required === true && name !== nestedIn)
    .map(([name]) => name);
  return names.length === 0 ? {} : { required: names };
}

/** A child of which nothing but its name must be written may be written as that name. */
function isWrittenAsText(schema: EntitySchema, parent: string): boolean {
  if (schema.endpoint_key === undefined || schema.subschema_key !== undefined) return false;
  const own = Object.entries(schema.fields).filter(([name]) => name !== schema.endpoint_key && name !== parent);
  return !refusesNothing(requirementsOf(Object.fromEntries(own), undefined, schema.entity_checks));
}

const ignoredProperties = (): JsonObject =>
  Object.fromEntries([...IGNORED_KEYS].map((key) => [key, { description: 'Anything: it is not read.' }]));

function headerProperties(grammar: Grammar): JsonObject {
  const properties: JsonObject = {
    _format_version: { description: 'Version of the format of this file.', enum: ['3.0', 3, '2.1', 2.1, '1.1', 1.1] },
    _transform: { description: 'Values are written in clear.', enum: [true, null], default: true },
    _workspace: {
      description: 'The workspace that this file is about.',
      type: ['string', 'null'],
      pattern: '^[A-Za-z0-9\\-._~\\u0080-\\uffff]+$',
    },
    _info: {
      description: 'What holds for the whole file.',
      type: ['object', 'null'],
      properties: infoProperties(grammar),
      additionalProperties: false,
    },
  };
  for (const { schema, open } of grammar.values()) {
    const flat = schema.overlay?.flat;
    if (flat !== undefined) properties[flat.section] = pairsSchema(grammar, schema, [flat.owner, flat.other]);
    if (open === undefined) continue;
    properties[open.section] = {
      description: `Named values of ${open.field} that several ${schema.name} share by ${open.key}.`,
      type: ['object', 'null'],
      additionalProperties: { type: 'object' },
    };
  }
  return properties;
}

/** Links that stand apart from the entity that they belong to, each naming both sides. */
function pairsSchema(grammar: Grammar, schema: EntitySchema, required: readonly string[]): JsonObject {
  const { entity, flat } = schema.overlay!;
  const { owner, other } = flat!;
  const own = { id: {}, created_at: {}, updated_at: {}, path: { type: ['string', 'null'] } };
  const sides = { [owner]: referenceSchema(grammar, schema.name), [other]: referenceSchema(grammar, entity) };
  return {
    description: `Which of the ${schema.name} takes values from which of the ${entity}.`,
    type: ['array', 'null'],
    items: { type: 'object', properties: { ...sides, ...own }, required: [...required], additionalProperties: false },
  };
}

function infoProperties(grammar: Grammar): JsonObject {
  const defaults: JsonObject = {};
  for (const { schema, children } of grammar.values()) {
    const refused = ['id', schema.endpoint_key ?? 'id', ...children.keys()];
    defaults[schema.deck?.kind ?? schema.name] = {
      type: 'object',
      $ref: ref(`${schema.name}.fields`),
      properties: Object.fromEntries(refused.map((key) => [key, false])),
    };
  }
  return {
    select_tags: {
      description: 'Only entities with all of these tags belong to this file; the file gives them to its own.',
      type: ['array', 'null'],
      items: { type: 'string' },
    },
    defaults: {
      description: 'Values of fields that an entity of a kind does not write itself.',
      type: ['object', 'null'],
      properties: defaults,
      additionalProperties: false,
    },
    default_lookup_tags: {
      description: 'By section: entities of the gateway with all of these tags, to refer to; they are not changed.',
      type: ['object', 'null'],
      properties: Object.fromEntries(
        [...grammar.values()]
          .filter(({ schema }) => schema.fields['tags'] !== undefined)
          .map(({ schema }) => [schema.name, { type: 'array', items: { type: 'string' } }]),
      ),
      additionalProperties: false,
    },
    ...Object.fromEntries([...UNSUPPORTED_INFO].map((key) => [key, { enum: [false, null] }])),
  };
}
