// What a gateway answers, brought into the form our schemas know: fields of newer gateways are dropped, those that older
// ones lack get their default, and a deprecated name is only read where the new one is missing.
import { isForbiddenKey, isObject, type Json, type JsonObject, valueAt } from '../../lib/json.ts';
import type { Entity, EntitySchema, Field, Fields, Shorthands } from '../../schema/define.ts';
import { expandShorthands, fillRecord } from '../../schema/process.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';

/** The entity in the answer to a GET of it alone: a consumer group comes with its members, `{consumer_group: {…}, consumers: […]}`. */
export function entityIn(answer: JsonObject, id: string): JsonObject {
  if (answer['id'] !== undefined) return answer;
  return Object.values(answer).find((value): value is JsonObject => isObject(value) && value['id'] === id) ?? answer;
}

/** @param answer is changed: it comes from the wire and nobody else holds it. */
export function toNormalForm(schemas: SchemaSet, schema: EntitySchema, answer: JsonObject): Entity {
  const chosen = chooseSubschema(schemas, schema, answer);
  const subschema = chosen.ok ? chosen.subschema : undefined;
  const fields = schemas.fieldsFor(schema, subschema);
  if (schema.ttl !== true && isInNormalForm(fields, answer)) return answer as Entity;
  const ttl = schema.ttl === true ? answer['ttl'] : undefined;
  const known = keepKnown(fields, undefined, answer);
  // Shorthands of the entity itself are no names of stored fields: only those inside records can come back.
  if (subschema !== undefined) expandShorthands(undefined, fields, known);
  const filled = fillRecord(fields, known, undefined);
  if (ttl !== undefined && ttl !== null) filled['ttl'] = ttl;
  return filled as Entity;
}

/** A gateway of our own answers just the fields we know, each of them: then there is nothing to be done. */
function isInNormalForm(fields: Fields, answer: JsonObject): boolean {
  let known = 0;
  for (const name in fields) {
    const value = answer[name];
    if (value === undefined) return false;
    known++;
    if (value === null) continue;
    const field = fields[name]!;
    if (field.type === 'record') {
      if (field.abstract !== true && !(isObject(value) && isInNormalForm(field.fields, value))) return false;
    } else if (field.type === 'array' || field.type === 'set') {
      const { elements } = field;
      if (!Array.isArray(value)) return false;
      if (
        elements.type === 'record' &&
        !value.every((item) => isObject(item) && isInNormalForm(elements.fields, item))
      ) {
        return false;
      }
    } else if (field.type === 'map' && Array.isArray(value)) return false;
  }
  return Object.keys(answer).length === known;
}

function keepKnown(fields: Fields, shorthands: Shorthands | undefined, value: JsonObject): JsonObject {
  const known: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (isForbiddenKey(key)) continue;
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field !== undefined) known[key] = keepKnownValue(field, item);
    else if (isNeeded(shorthands, key, value)) known[key] = item;
  }
  return known;
}

function keepKnownValue(field: Field, value: Json): Json {
  // An open record (a plugin without a known schema) is kept as it is.
  if (field.type === 'record' && isObject(value)) {
    return field.abstract === true ? value : keepKnown(field.fields, field.shorthand_fields, value);
  }
  if ((field.type === 'array' || field.type === 'set') && Array.isArray(value) && field.elements.type === 'record') {
    return value.map((item) => keepKnownValue(field.elements, item));
  }
  return value;
}

/** A deprecated name counts only when the gateway does not also answer the field that took over. */
function isNeeded(shorthands: Shorthands | undefined, key: string, value: JsonObject): boolean {
  const shorthand = shorthands !== undefined && Object.hasOwn(shorthands, key) ? shorthands[key] : undefined;
  const replacement = shorthand?.deprecation?.replaced_with?.[0];
  return replacement !== undefined && valueAt(value, replacement.split('.')) === undefined;
}
