// The request-validator plugin of an operation: where its configuration leaves the schemas open, they are taken from the
// parameters and the request body of the operation. Schemas are texts with all they refer to under `definitions`.
import { cloneJson, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import type { Names } from './names.ts';
import { follow, type Spec } from './spec.ts';

const SCHEMAS = '#/components/schemas/';
const DIALECT = 'draft4';
const STYLES: Readonly<Record<string, string>> = { header: 'simple', query: 'form', path: 'simple' };

export interface Operation {
  readonly value: JsonObject;
  readonly path: Path;
  /** Of the operation, and those of its path that it does not repeat. */
  readonly parameters: readonly { readonly value: JsonObject; readonly path: Path }[];
}

/** @returns undefined when nothing of the operation can be validated. */
export function makeValidator(
  spec: Spec,
  names: Names,
  plugin: JsonObject,
  operation: Operation,
): JsonObject | undefined {
  const config: JsonObject = isObject(plugin['config']) ? cloneJson(plugin['config']) : {};
  if (isUnset(config['parameter_schema'])) {
    const parameters = parameterSchemas(spec, names, operation);
    if (parameters.length > 0) Object.assign(config, { parameter_schema: parameters, version: DIALECT });
  }
  const content = bodyContent(spec, operation);
  if (isUnset(config['body_schema'])) {
    const schema = bodySchema(spec, content);
    if (schema !== undefined) Object.assign(config, { body_schema: schema, version: DIALECT });
    else if (isUnset(config['parameter_schema'])) {
      if (isUnset(config['allowed_content_types'])) return undefined;
      // Anything passes it, and the content type is checked.
      Object.assign(config, { body_schema: '{}', version: DIALECT });
    }
  }
  if (isUnset(config['allowed_content_types']) && content !== undefined) {
    config['allowed_content_types'] = Object.keys(content).sort();
  }
  return { ...plugin, config };
}

const isUnset = (value: Json | undefined): boolean => value === undefined || value === null;

function parameterSchemas(spec: Spec, names: Names, { parameters }: Operation): JsonObject[] {
  const result: JsonObject[] = [];
  for (const { value, path } of parameters) {
    const place = String(value['in']);
    // The plugin knows no cookies.
    if (place === 'cookie') continue;
    const style = typeof value['style'] === 'string' ? value['style'] : (STYLES[place] ?? 'simple');
    const name = String(value['name'] ?? '');
    const schema = schemaText(spec, value['schema']);
    if (schema !== undefined && isAmbiguous(spec, value['schema'])) {
      spec.report([...path, 'schema'], "the schema needs a 'type' beside oneOf or anyOf to be validated");
    }
    result.push({
      style,
      explode: typeof value['explode'] === 'boolean' ? value['explode'] : style === 'form',
      in: place,
      name: place === 'path' ? names.capture(name) : name,
      required: value['required'] === true,
      ...(schema === undefined ? {} : { schema }),
    });
  }
  return result;
}

/** A parameter is a text on the wire; only a type says what to make of it. */
function isAmbiguous(spec: Spec, value: Json | undefined): boolean {
  const schema = isObject(value) && typeof value['$ref'] === 'string' ? follow(spec.root, value['$ref']) : value;
  if (!isObject(schema)) return false;
  return (Array.isArray(schema['oneOf']) || Array.isArray(schema['anyOf'])) && schema['type'] === undefined;
}

function bodyContent(spec: Spec, { value, path }: Operation): JsonObject | undefined {
  const body = spec.resolve(value['requestBody'], [...path, 'requestBody']);
  const content = isObject(body) ? body['content'] : undefined;
  return isObject(content) && Object.keys(content).length > 0 ? content : undefined;
}

function bodySchema(spec: Spec, content: JsonObject | undefined): string | undefined {
  for (const [type, media] of Object.entries(content ?? {})) {
    if (/^application\/(?:json|[^;\s]*\+json)\s*(?:;|$)/i.test(type))
      return schemaText(spec, isObject(media) ? media['schema'] : undefined);
  }
  return undefined;
}

function schemaText(spec: Spec, schema: Json | undefined): string | undefined {
  if (!isObject(schema)) return undefined;
  const definitions = new Map<string, Json>();
  const whole = inline(spec, schema, definitions) as JsonObject;
  if (definitions.size > 0) {
    whole['definitions'] = Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return JSON.stringify(sortKeys(whole));
}

function inline(spec: Spec, value: Json, definitions: Map<string, Json>): Json {
  if (Array.isArray(value)) return value.map((item) => inline(spec, item, definitions));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (key !== '$ref' || typeof item !== 'string' || !item.startsWith(SCHEMAS)) {
      copy[key] = inline(spec, item, definitions);
      continue;
    }
    const name = item.slice(SCHEMAS.length);
    copy[key] = `#/definitions/${name}`;
    const target = definitions.has(name) ? undefined : follow(spec.root, item);
    if (target === undefined) continue;
    // Taken before it is walked: schemas may refer to themselves.
    definitions.set(name, true);
    definitions.set(name, inline(spec, target, definitions));
  }
  return copy;
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key] as Json)]),
  );
}
