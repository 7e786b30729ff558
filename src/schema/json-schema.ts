// Fields as JSON Schema (draft 2020-12), for editors and for the description of the Admin API. What the language of fields
// says and JSON Schema cannot (byte lengths above one, checks that are code) is left out: a schema made here may accept too
// much, never too little. Names that must be there are a matter of their own (requirements.ts): an update needs none.
import type { Json, JsonLiteral, JsonObject } from '../lib/json.ts';
import type {
  Deprecation,
  Field,
  Fields,
  ForeignField,
  ListField,
  NumberField,
  Shorthands,
  StringField,
} from './define.ts';
import { both, requirementsOf } from './requirements.ts';

/** What differs between the places where fields are written. */
export interface JsonSchemaForm {
  /** How a reference to another entity is written. */
  readonly foreign: (field: ForeignField) => JsonObject;
  /** Texts that may stand for any scalar or list, such as templates; `whole` for those that are no text once replaced. */
  readonly placeholder?: { readonly inText: string; readonly whole: string };
}

const UUID = '^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';
const VAULT_REFERENCE = '^\\{vault://[^}]+\\}$';

export function propertiesOf(fields: Fields, shorthands: Shorthands | undefined, form: JsonSchemaForm): JsonObject {
  const properties: JsonObject = {};
  for (const [name, shorthand] of Object.entries(shorthands ?? {})) {
    properties[name] = { ...aboutOf(shorthand), type: [shorthand.type, 'null'] };
  }
  for (const [name, field] of Object.entries(fields)) properties[name] = schemaOfField(field, form);
  return properties;
}

/** Without its required names where the record may be completed from elsewhere: only inside of lists and maps. */
export function recordSchema(fields: Fields, shorthands: Shorthands | undefined, form: JsonSchemaForm): JsonObject {
  return { type: 'object', properties: propertiesOf(fields, shorthands, form), additionalProperties: false };
}

export function schemaOfField(field: Field, form: JsonSchemaForm): JsonObject {
  const about = aboutOf(field);
  if (field.eq === null) return { ...about, type: 'null' };
  const isNullable = field.required !== true || field.auto === true;
  const value = withConstants(field, valueSchema(field, form));
  return { ...about, ...withAlternatives(field, isNullable ? orNull(value) : value, form) };
}

function aboutOf(field: { description?: string; default?: JsonLiteral; deprecation?: Deprecation }): JsonObject {
  const texts = [field.description, field.deprecation?.message].filter((text) => text !== undefined);
  return {
    ...(texts.length === 0 ? {} : { description: texts.join(' ') }),
    ...(field.deprecation === undefined ? {} : { deprecated: true }),
    ...(field.default === undefined ? {} : { default: field.default as Json }),
  };
}

function valueSchema(field: Field, form: JsonSchemaForm): JsonObject {
  switch (field.type) {
    case 'string':
      return stringSchema(field);
    case 'number':
    case 'integer':
      return numberSchema(field);
    case 'boolean':
      return { type: 'boolean' };
    case 'array':
    case 'set':
      return listSchema(field, form);
    case 'map':
      return {
        type: 'object',
        additionalProperties: elementSchema(field.values, form),
        ...nonEmpty('propertyNames', stringRules(field.keys)),
        ...limits('Properties', field.len_eq ?? field.len_min, field.len_eq ?? field.len_max),
      };
    case 'record':
      if (field.abstract === true) return { type: 'object' };
      return recordSchema(field.fields, field.shorthand_fields, form);
    case 'foreign':
      return form.foreign(field);
  }
}

function stringSchema(field: StringField): JsonObject {
  return {
    type: 'string',
    ...(field.one_of === undefined ? {} : { enum: [...field.one_of] }),
    ...stringRules(field),
  };
}

/** Lengths count bytes; characters are at most as many, so only "not empty" and the maximum carry over. */
function stringRules(field: StringField): JsonObject {
  const least = field.len_eq ?? field.len_min ?? (field.one_of === undefined ? 1 : 0);
  const rules: JsonObject[] = [];
  const must = (pattern: RegExp): void => void rules.push(...translate(pattern).map((text) => ({ pattern: text })));
  const mustNot = (pattern: RegExp): void =>
    void rules.push(...translate(pattern).map((text) => ({ not: { type: 'string', pattern: text } })));
  if (field.uuid === true) rules.push({ pattern: UUID });
  if (field.starts_with !== undefined) rules.push({ pattern: `^${escapeRegex(field.starts_with)}` });
  if (field.match !== undefined) must(field.match);
  for (const { pattern } of field.match_all ?? []) must(pattern);
  if (field.not_match !== undefined) mustNot(field.not_match);
  for (const { pattern } of field.match_none ?? []) mustNot(pattern);
  const any = field.match_any?.patterns.map(translate) ?? [];
  if (any.length > 0 && any.every((texts) => texts.length > 0)) {
    rules.push({ anyOf: any.flat().map((text) => ({ pattern: text })) });
  }
  return {
    ...limits('Length', Math.min(least, 1), field.len_eq ?? field.len_max),
    ...(field.is_regex === true ? { format: 'regex' } : {}),
    ...(rules.length === 1 ? rules[0] : rules.length > 1 ? { allOf: rules } : {}),
  };
}

function numberSchema(field: NumberField): JsonObject {
  const least = field.gt ?? (field.timestamp === true ? 0 : undefined);
  return {
    type: field.type,
    ...(field.one_of === undefined ? {} : { enum: [...field.one_of] }),
    ...(field.between === undefined ? {} : { minimum: field.between[0], maximum: field.between[1] }),
    ...(least === undefined ? {} : { exclusiveMinimum: least }),
  };
}

function listSchema(field: ListField, form: JsonSchemaForm): JsonObject {
  return {
    type: 'array',
    items: elementSchema(field.elements, form),
    ...(field.contains === undefined ? {} : { contains: { const: field.contains as Json } }),
    ...limits('Items', field.len_eq ?? field.len_min, field.len_eq ?? field.len_max),
  };
}

/** Lists and maps are replaced whole, so their records must be complete; null is no element. */
function elementSchema(element: Field, form: JsonSchemaForm): JsonObject {
  const schema = schemaOfField({ ...element, required: true }, form);
  if (element.type !== 'record' || element.abstract === true) return schema;
  const { fields, shorthand_fields: shorthands, entity_checks: checks } = element;
  return both(schema, requirementsOf(fields, shorthands, checks, form.placeholder?.inText));
}

function withConstants(field: Field, schema: JsonObject): JsonObject {
  const refused = [...((field as { not_one_of?: readonly Json[] }).not_one_of ?? [])];
  if (field.ne !== undefined && field.ne !== null) refused.push(field.ne as Json);
  return {
    ...schema,
    ...(field.eq === undefined ? {} : { const: field.eq as Json }),
    ...(refused.length === 0 ? {} : { not: { enum: refused } }),
  };
}

function orNull(schema: JsonObject): JsonObject {
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [schema, { type: 'null' }] };
  const types = Array.isArray(type) ? type : [type];
  return { ...schema, type: [...types, 'null'], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

const TEXT_RULES = ['pattern', 'enum', 'const', 'allOf', 'anyOf', 'not', 'maxLength', 'format'];

/** Vault references and placeholders stand for any value; records and maps are written out. */
function withAlternatives(field: Field, schema: JsonObject, form: JsonSchemaForm): JsonObject {
  if (field.type === 'record' || field.type === 'map' || field.type === 'foreign') return schema;
  const isRuled = TEXT_RULES.some((rule) => Object.hasOwn(schema, rule));
  if (field.type !== 'string') {
    if (form.placeholder === undefined) return schema;
    const pattern = form.placeholder.whole;
    if (isRuled) return { anyOf: [schema, { type: 'string', pattern }] };
    return { ...schema, type: [schema['type'] as Json, 'string'].flat(), pattern };
  }
  const patterns: string[] = [];
  if (field.referenceable === true) patterns.push(VAULT_REFERENCE);
  if (form.placeholder !== undefined) patterns.push(form.placeholder.inText);
  if (!isRuled || patterns.length === 0) return schema;
  return { anyOf: [schema, ...patterns.map((pattern) => ({ type: 'string', pattern }))] };
}

function limits(noun: string, least: number | undefined, most: number | undefined): JsonObject {
  return {
    ...(least === undefined || least === 0 ? {} : { [`min${noun}`]: least }),
    ...(most === undefined ? {} : { [`max${noun}`]: most }),
  };
}

const nonEmpty = (key: string, schema: JsonObject): JsonObject =>
  Object.keys(schema).length === 0 ? {} : { [key]: schema };

const escapeRegex = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** JSON Schema has no flags and reads patterns as Unicode; one that needs more, or does not compile so, is left out. */
function translate(pattern: RegExp): string[] {
  if (pattern.flags.replace('u', '') !== '') return [];
  try {
    new RegExp(pattern.source, 'u');
    return [pattern.source];
  } catch {
    return [];
  }
}
