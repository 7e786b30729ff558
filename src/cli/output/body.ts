// The bodies of entities for people and programs, with secrets masked by schema. What the gateway computes does not count
// as content of an entity when two of them are shown side by side.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, Fields } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { type Fingerprint, maskSecrets } from '../../schema/sensitive.ts';
import { chooseSubschema } from '../../schema/validate.ts';

export interface BodyContext {
  readonly schemas: SchemaSet;
  readonly fingerprint: Fingerprint;
}

export function fieldsOf(schemas: SchemaSet, kind: string, entity: JsonObject): Fields {
  const schema = schemaOf(schemas, kind);
  const chosen = chooseSubschema(schemas, schema, entity);
  return schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
}

export const maskedBody = ({ schemas, fingerprint }: BodyContext, kind: string, entity: Entity): JsonObject =>
  maskSecrets(fieldsOf(schemas, kind, entity), entity, fingerprint);

/** Without times and unset fields, as decK shows entities; an open field (the config of a plugin) is told in full. */
export function deckForm(context: BodyContext, kind: string, entity: Entity): JsonObject {
  const schema = schemaOf(context.schemas, kind);
  const masked = maskedBody(context, kind, entity);
  const form: JsonObject = {};
  for (const [name, value] of Object.entries(masked)) {
    const field = schema.fields[name];
    if (name === 'created_at' || name === 'updated_at' || value === null) continue;
    if (field?.transient === true || field?.computed === true) continue;
    form[name] = field?.type === 'record' && field.abstract === true ? value : withoutNulls(value);
  }
  return form;
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])),
  );
}
