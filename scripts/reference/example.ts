// The smallest state file with an entity or a plugin in it: required fields get the first sample that their own checks
// accept, and what the validator still misses is added until it is content.
import { loadTexts } from '../../src/control/file/load.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import type { EntityCheck, EntitySchema, Field, Fields } from '../../src/schema/define.ts';
import { messages } from '../../src/schema/messages.ts';
import { isMandatory } from '../../src/schema/requirements.ts';
import type { SchemaSet } from '../../src/schema/schema-set.ts';
import { chooseSubschema, processEntity } from '../../src/schema/validate.ts';
import { validateField } from '../../src/schema/validate-field.ts';

const SAMPLES = [
  'example',
  'api.example.com',
  'admin@example.com',
  'http://api.example.com/path',
  'https://api.example.com/path',
  '/path',
  '10.0.0.0/8',
  'X-Example:value',
  'name:value',
  '*.example.com',
  '{"key": "value"}',
  'return',
  'an-example-of-thirty-two-letters',
  '00000000-0000-4000-8000-000000000001',
];
const ROUNDS = 12;

/** A value that the field's own validators accept; undefined when no sample fits. */
export function sampleOf(name: string, field: Field): Json | undefined {
  switch (field.type) {
    case 'boolean':
      return true;
    case 'number':
    case 'integer':
      return [field.one_of?.[0], name.endsWith('port') ? 8080 : 1, 60, 1000, 200].find(
        (n) => n !== undefined && validateField(field, n) === undefined,
      );
    case 'string': {
      const candidates = [field.one_of?.[0], hintOf(name, field.encrypted === true), ...SAMPLES];
      return candidates.find((text) => text !== undefined && validateField(field, text) === undefined);
    }
    case 'array':
    case 'set': {
      const item = sampleElement(name, field.elements);
      return item === undefined ? undefined : [item];
    }
    case 'map': {
      const key = sampleOf(name, field.keys);
      const value = sampleElement(name, field.values);
      return typeof key === 'string' && value !== undefined ? { [key]: value } : undefined;
    }
    case 'record':
      return sampleRecord(field.fields);
    case 'foreign':
      return undefined;
  }
}

function hintOf(name: string, isSecret: boolean): string | undefined {
  if (isSecret) return 'an-example-of-a-secret';
  return name === 'host' || name.endsWith('_host') || name === 'target' ? 'api.example.com' : undefined;
}

/** An empty record in a list says nothing: its first field is shown. */
function sampleElement(name: string, field: Field): Json | undefined {
  const value = sampleOf(name, field);
  if (field.type !== 'record' || !isObject(value) || Object.keys(value).length > 0) return value;
  const [first] = Object.entries(field.fields);
  const inner = first === undefined ? undefined : sampleOf(first[0], first[1]);
  return first === undefined || inner === undefined ? value : { [first[0]]: inner };
}

function sampleRecord(fields: Fields): JsonObject {
  const record: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    if (!isMandatory(field) || field.type === 'foreign') continue;
    const value = sampleOf(name, field);
    if (value !== undefined && !(isObject(value) && Object.keys(value).length === 0)) record[name] = value;
  }
  return record;
}

/** @param start what must be in it, such as the name of a plugin. */
export function minimalEntity(schemas: SchemaSet, schema: EntitySchema, start: JsonObject): JsonObject | undefined {
  const chosen = chooseSubschema(schemas, schema, start);
  const subschema = chosen.ok ? chosen.subschema : undefined;
  const fields = schemas.fieldsFor(schema, subschema);
  const entity: JsonObject = { ...start, ...withoutKeys(sampleRecord(fields), start) };
  const checks = [...(schema.entity_checks ?? []), ...(subschema?.entity_checks ?? [])];
  const parents: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.type === 'foreign' && field.required === true)
      parents[name] = { id: '00000000-0000-4000-8000-000000000001' };
  }
  for (let round = 0; round < ROUNDS; round++) {
    const result = processEntity(
      schemas,
      schema,
      { ...entity, ...parents },
      { auto: { now: () => 1_700_000_000_000 } },
    );
    if (result.ok) return entity;
    const missing = missingPaths(result.errors as JsonObject, fields, checks, []);
    if (!missing.some((path) => setSample(entity, fields, path))) return undefined;
  }
  return undefined;
}

const withoutKeys = (value: JsonObject, other: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !Object.hasOwn(other, key)));

/** What to set next: what the validator misses, the choice of a check, or the field that a message names. */
function missingPaths(
  errors: JsonObject,
  fields: Fields,
  checks: readonly EntityCheck[],
  path: readonly string[],
): string[][] {
  return Object.entries(errors).flatMap(([key, node]) => {
    const field = fields[key];
    if (key === '@entity') return checks.flatMap(choiceOf).map((choice) => [...path, ...choice]);
    if (node === messages.required) return [[...path, key]];
    if (field?.type !== 'record') return [];
    if (isObject(node)) return missingPaths(node, field.fields, field.entity_checks ?? [], [...path, key]);
    const named = Object.keys(field.fields).find((name) => String(node).includes(name));
    return named === undefined ? [] : [[...path, key, named]];
  });
}

function choiceOf(check: EntityCheck): string[][] {
  if (check.check === 'at_least_one_of' || check.check === 'only_one_of') {
    return [check.fields[0]!.split('.')];
  }
  if (check.check !== 'conditional_at_least_one_of') return [];
  return [(check.else_then_at_least_one_of ?? check.then_at_least_one_of).at(-1)!.split('.')];
}

/** False when there was something already, or no sample fits. */
function setSample(entity: JsonObject, fields: Fields, path: readonly string[]): boolean {
  const [name = '', ...rest] = path;
  const field = fields[name];
  if (field === undefined) return false;
  if (rest.length > 0) {
    if (field.type !== 'record') return false;
    const inner = isObject(entity[name]) ? entity[name] : {};
    const done = setSample(inner, field.fields, rest);
    if (done) entity[name] = inner;
    return done;
  }
  if (entity[name] !== undefined) return false;
  const value = sampleOf(name, field);
  if (value === undefined) return false;
  entity[name] = value;
  return true;
}

/** The natural key of an entity, so that an example shows it; what a subschema chooses is named by that. */
export function nameSample(schema: EntitySchema): JsonObject {
  const key = schema.endpoint_key;
  const field = key === undefined ? undefined : schema.fields[key];
  if (key === undefined || field === undefined || schema.fields[schema.subschema_key ?? '']?.type === 'string')
    return {};
  const value = sampleOf(key, field);
  return value === undefined ? {} : { [key]: value };
}

/** Every variable is set. */
const ANY_ENVIRONMENT: Readonly<Record<string, string>> = new Proxy({}, { get: () => 'example' });

/** Does the loader of state files take this text without an error or a warning? */
export async function isValidState(schemas: SchemaSet, text: string): Promise<boolean> {
  const loaded = await loadTexts([{ name: 'example.yaml', text }], {
    schemas,
    ids: 'deterministic',
    env: ANY_ENVIRONMENT,
  });
  return loaded.ok && loaded.warnings.length === 0;
}
