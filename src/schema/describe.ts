// The body of `GET /schemas/{entity}`: the literal in Kong's JSON notation (`fields: [{name: {…}}]`), functions left out.
// Clients fill defaults from it, so order, defaults, `required` and shorthands must be exact.
import type { Json, JsonObject } from '../lib/json.ts';
import type { EntityCheck, EntitySchema, Field, Fields, Shorthands, Subschema } from './define.ts';
import { describePlaces } from './overlay.ts';

const OWN_WORDS: ReadonlySet<string> = new Set([
  'in_file',
  'takes',
  'computed',
  'hashed',
  'custom_validator',
  'children',
  'unordered',
  'fields',
]);

export function describeEntity(schema: EntitySchema): JsonObject {
  return {
    ...describeShorthands(schema.shorthand_fields),
    entity_checks: (schema.entity_checks ?? []).map(describeCheck),
    fields: describeFields(schema.fields),
  };
}

export function describeSubschema(subschema: Subschema): JsonObject {
  const places = describePlaces(subschema.fields);
  return {
    entity_checks: (subschema.entity_checks ?? []).map(describeCheck),
    fields: describeFields(subschema.fields),
    ...(places === undefined ? {} : { supported_partials: places }),
  };
}

const describeFields = (fields: Fields): Json[] =>
  Object.entries(fields).map(([name, field]) => ({ [name]: describeField(field) }));

function describeField(field: Field): JsonObject {
  const described: JsonObject = {};
  for (const [key, value] of Object.entries(field)) {
    if (OWN_WORDS.has(key) || typeof value === 'function') continue;
    if (key === 'elements' || key === 'keys' || key === 'values') described[key] = describeField(value as Field);
    else if (key === 'shorthand_fields') Object.assign(described, describeShorthands(value as Shorthands));
    else if (key === 'entity_checks') described[key] = (value as EntityCheck[]).map(describeCheck);
    else described[key] = describeValue(value);
  }
  if (field.type === 'record') described['fields'] = describeFields(field.fields);
  return described;
}

function describeShorthands(shorthands: Shorthands | undefined): JsonObject {
  if (shorthands === undefined) return {};
  return {
    shorthand_fields: Object.entries(shorthands).map(([name, shorthand]) => {
      const { expand: _expand, deprecation, ...rest } = shorthand;
      if (deprecation === undefined) return { [name]: rest };
      const replaced_with = (deprecation.replaced_with ?? []).map((path) => ({ path: path.split('.') }));
      return { [name]: { ...rest, deprecation: { ...deprecation, replaced_with } } };
    }),
  };
}

/** `{conditional: {if_field: …}}`, `{at_least_one_of: ["a", "b"]}`; of checks that are code, the fields they look at. */
function describeCheck(check: EntityCheck): JsonObject {
  const { check: name, ...rest } = check;
  if (name === 'custom_entity_check') return { [name]: { field_sources: [...check.fields] } };
  return { [name]: 'fields' in rest ? [...rest.fields] : describeValue(rest) };
}

function describeValue(value: unknown): Json {
  if (value instanceof RegExp) return value.source;
  if (Array.isArray(value)) return value.map(describeValue);
  if (typeof value !== 'object' || value === null) return value as Json;
  const described: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'function') described[key] = describeValue(item);
  }
  return described;
}
