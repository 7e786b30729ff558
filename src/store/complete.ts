// What an earlier version of this program, or a node that still runs it, has stored lacks the fields that came later. They
// get their defaults when they are read, so that nobody else has to think of entities with holes.
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema, Field, Fields } from '../schema/define.ts';
import { fillRecord } from '../schema/process.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { chooseSubschema } from '../schema/validate.ts';

export function completeEntity(schemas: SchemaSet, schema: EntitySchema, entity: Entity): Entity {
  const chosen = schema.subschema_key === undefined ? undefined : chooseSubschema(schemas, schema, entity);
  const fields = schemas.fieldsFor(schema, chosen?.ok === true ? chosen.subschema : undefined);
  // Nearly always nothing is missing, and then nothing is copied.
  if (!lacksFields(fields, entity)) return entity;
  const complete = fillRecord(fields, entity, undefined) as Entity;
  for (const [name, field] of Object.entries(fields)) {
    if (isView(field) && !Object.hasOwn(entity, name)) delete complete[name];
  }
  return complete;
}

/** Made from child entities whenever it is shown, and never stored. */
const isView = (field: Field): boolean =>
  (field.type === 'array' || field.type === 'set') && field.children !== undefined;

function lacksFields(fields: Fields, value: JsonObject): boolean {
  for (const name in fields) {
    const field = fields[name]!;
    if (!Object.hasOwn(value, name)) {
      if (!isView(field)) return true;
    } else if (lacksInside(field, value[name]!)) return true;
  }
  return false;
}

function lacksInside(field: Field, value: Json): boolean {
  if (field.type === 'record') return isObject(value) && lacksFields(field.fields, value);
  if ((field.type !== 'array' && field.type !== 'set') || field.elements.type !== 'record') return false;
  const { fields } = field.elements;
  return Array.isArray(value) && value.some((item) => isObject(item) && lacksFields(fields, item));
}
