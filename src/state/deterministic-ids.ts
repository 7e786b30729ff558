// Ids of entities that a file gives none: UUIDs of version 5, by the rules of Kong's DB-less mode. The same file gives the
// same ids everywhere.
import { uuidV5 } from '../lib/ids.ts';
import { canonicalJson, isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { EntitySchema } from '../schema/define.ts';

const NAMESPACE = 'fd02801f-0957-4a15-a55a-c8d9606f30b5';
const ANY_WORKSPACE = '*';

const scalar = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : isObject(value) ? String(value['id'] ?? '') : String(value);

/** Makes ids for one load; it counts, so that two entities without any name differ. */
export function createDeterministicIds(): (schema: EntitySchema, entity: JsonObject, written: JsonObject) => string {
  const namespaces = new Map<string, string>();
  const used = new Map<string, number>();
  return (schema, entity, written) => {
    let namespace = namespaces.get(schema.name);
    if (namespace === undefined) {
      namespace = uuidV5(NAMESPACE, schema.name);
      namespaces.set(schema.name, namespace);
    }
    const name = deterministicName(schema, entity);
    if (name !== undefined) return uuidV5(namespace, name);
    const content = canonicalJson(written);
    const count = used.get(`${schema.name} ${content}`) ?? 0;
    used.set(`${schema.name} ${content}`, count + 1);
    return uuidV5(namespace, `${content}#${count}`);
  };
}

/** Undefined when nothing but the whole content names the entity. */
function deterministicName(schema: EntitySchema, entity: JsonObject): string | undefined {
  if (schema.cache_key !== undefined) {
    const extra = (schema.cache_key_extra ?? []).filter((name) => scalar(entity[name]) !== '');
    const values = [...schema.cache_key, ...extra].map((name) => scalar(entity[name]));
    return values.some((value) => value !== '') ? [schema.name, ANY_WORKSPACE, ...values].join(':') : undefined;
  }
  const name = schema.endpoint_key === undefined ? '' : scalar(entity[schema.endpoint_key]);
  if (name === '') return undefined;
  const endpoint = schema.fields[schema.endpoint_key!];
  if (endpoint?.unique === true) return name;
  const parents = Object.entries(schema.fields)
    .filter(([, field]) => field.type === 'foreign' && field.on_delete === 'cascade')
    .map(([field]) => scalar(entity[field]));
  return [name, ...parents, ANY_WORKSPACE].join(':');
}
