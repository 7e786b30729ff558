// Schemas of plugins that only the gateway knows: `GET /schemas/plugins/<name>` in the gateway's notation becomes our
// field literals. Checks that are code on the gateway's side cannot come along; the gateway runs them on every write.
import { isForbiddenKey, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Field, Fields, Shorthand, Subschema } from '../../schema/define.ts';
import type { AdminClient } from './client.ts';

/** A look-up that asks the gateway at most once a name. Undefined for what the gateway does not know either. */
export function createSubschemaSource(
  client: AdminClient,
): (entity: string, name: string) => Promise<Subschema | undefined> {
  const cache = new Map<string, Promise<Subschema | undefined>>();
  return (entity, name) => {
    const path = `/schemas/${entity}/${encodeURIComponent(name)}`;
    let found = cache.get(path);
    if (found === undefined) {
      found = client
        .get(path, { absent: [400, 404] })
        .then((body) => (body === undefined ? undefined : toSubschema(body)));
      cache.set(path, found);
    }
    return found;
  };
}

export function toSubschema(body: JsonObject): Subschema {
  return { fields: toFields(body['fields']) };
}

/** `[{name: {...}}, ...]` → `{name: {...}}`. What is not understood is left out: it then counts as unknown. */
export function toFields(list: Json | undefined): Fields {
  const fields: Record<string, Field> = {};
  for (const item of Array.isArray(list) ? list : []) {
    if (!isObject(item)) continue;
    for (const [name, definition] of Object.entries(item)) {
      const field = isObject(definition) && !isForbiddenKey(name) ? toField(definition) : undefined;
      if (field !== undefined) fields[name] = field;
    }
  }
  return fields;
}

const COPIED = [
  'required',
  'auto',
  'default',
  'eq',
  'one_of',
  'not_one_of',
  'between',
  'gt',
  'len_eq',
  'len_min',
  'len_max',
  'uuid',
  'starts_with',
  'referenceable',
  'encrypted',
] as const;

function toField(definition: JsonObject): Field | undefined {
  const common: JsonObject = {};
  for (const key of COPIED) if (definition[key] !== undefined) common[key] = definition[key] as Json;
  switch (definition['type']) {
    case 'string':
    case 'number':
    case 'integer':
    case 'boolean':
      return { ...common, type: definition['type'] } as unknown as Field;
    case 'array':
    case 'set': {
      const elements = isObject(definition['elements']) ? toField(definition['elements']) : undefined;
      return elements === undefined
        ? undefined
        : ({ ...common, type: definition['type'], elements } as unknown as Field);
    }
    case 'map': {
      const values = isObject(definition['values']) ? toField(definition['values']) : undefined;
      return values === undefined
        ? undefined
        : ({ ...common, type: 'map', keys: { type: 'string' }, values } as unknown as Field);
    }
    case 'record': {
      const shorthands = toShorthands(definition['shorthand_fields']);
      const { default: given, ...rest } = common;
      return {
        ...rest,
        ...(isObject(given) ? { default: given } : {}),
        type: 'record',
        fields: toFields(definition['fields']),
        ...(Object.keys(shorthands).length === 0 ? {} : { shorthand_fields: shorthands }),
      } as Field;
    }
    case 'foreign':
      return { ...common, type: 'foreign', reference: String(definition['reference'] ?? '') } as Field;
    default:
      return undefined;
  }
}

/** A deprecated name stands for the field at its replacement path; one without a path cannot be followed. */
function toShorthands(list: Json | undefined): Record<string, Shorthand> {
  const shorthands: Record<string, Shorthand> = {};
  for (const item of Array.isArray(list) ? list : []) {
    if (!isObject(item)) continue;
    for (const [name, definition] of Object.entries(item)) {
      if (!isObject(definition) || isForbiddenKey(name)) continue;
      const path = replacementPath(definition);
      if (path === undefined) continue;
      shorthands[name] = {
        type: scalarType(definition['type']),
        deprecation: { message: '', removal_in_version: '', replaced_with: [path.join('.')] },
        expand: (value) => path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value) as JsonObject,
      };
    }
  }
  return shorthands;
}

const scalarType = (type: Json | undefined): Shorthand['type'] =>
  type === 'integer' || type === 'number' || type === 'boolean' ? type : 'string';

function replacementPath(definition: JsonObject): string[] | undefined {
  const deprecation = definition['deprecation'];
  const replaced = isObject(deprecation) ? deprecation['replaced_with'] : undefined;
  const first = Array.isArray(replaced) ? replaced[0] : undefined;
  const path = isObject(first) ? first['path'] : (first ?? definition['translate_backwards']);
  if (typeof path === 'string') return path.split('.');
  return Array.isArray(path) && path.length > 0 && path.every((step) => typeof step === 'string') ? path : undefined;
}
