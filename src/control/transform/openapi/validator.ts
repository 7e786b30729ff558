// The request-validator plugin of an operation: where its configuration leaves the schemas open, they are taken from the
// parameters and the request body of the operation. Schemas are texts with all they refer to under `definitions`.
import { cloneJson, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import type { Names } from './names.ts';
import { follow, keyOf, type Spec } from './spec.ts';

const SCHEMAS = '#/components/schemas/';
/** Keywords that hold values, in which a `$ref` is nothing but a key. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples']);
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
    const schema = bodySchema(spec, content, operation.path);
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
    const schema = schemaText(spec, value['schema'], [...path, 'schema']);
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
  const schema = spec.peek(value);
  if (!isObject(schema)) return false;
  return (Array.isArray(schema['oneOf']) || Array.isArray(schema['anyOf'])) && schema['type'] === undefined;
}

function bodyContent(spec: Spec, { value, path }: Operation): JsonObject | undefined {
  const body = spec.resolve(value['requestBody'], [...path, 'requestBody']);
  const content = isObject(body) ? body['content'] : undefined;
  return isObject(content) && Object.keys(content).length > 0 ? content : undefined;
}

function bodySchema(spec: Spec, content: JsonObject | undefined, path: Path): string | undefined {
  for (const [type, media] of Object.entries(content ?? {})) {
    if (/^application\/(?:json|[^;\s]*\+json)\s*(?:;|$)/i.test(type))
      return schemaText(spec, isObject(media) ? media['schema'] : undefined, [...path, 'requestBody']);
  }
  return undefined;
}

function schemaText(spec: Spec, schema: Json | undefined, path: Path): string | undefined {
  if (!isObject(schema)) return undefined;
  const definitions = new Map<string, Json>();
  const whole = inline({ spec, path, definitions }, schema) as JsonObject;
  if (definitions.size > 0) whole['definitions'] = Object.fromEntries(definitions);
  return JSON.stringify(sortKeys(whole));
}

interface Inlining {
  readonly spec: Spec;
  /** Of the schema that everything is taken into. */
  readonly path: Path;
  readonly definitions: Map<string, Json>;
}

function inline(into: Inlining, value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => inline(into, item));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref' && typeof item === 'string') copy[key] = define(into, item);
    else copy[key] = VALUES.has(key) ? cloneJson(item) : inline(into, item);
  }
  return copy;
}

/** Takes what a reference leads to among the definitions, and answers the reference to it there. */
function define(into: Inlining, reference: string): string {
  const { spec, path, definitions } = into;
  if (follow(spec.root, reference) === undefined) {
    spec.report(path, `'${reference}' leads nowhere in this document`);
    return reference;
  }
  // A pointer into a named schema takes all of that schema along, and leads into it.
  const isNamed = reference.startsWith(SCHEMAS);
  const [part = '', ...inner] = isNamed
    ? reference.slice(SCHEMAS.length).split('/')
    : [reference.slice(2).replaceAll('/', '_')];
  const target = follow(spec.root, isNamed ? `${SCHEMAS}${part}` : reference) as Json;
  const name = keyOf(part);
  if (!definitions.has(name)) {
    // Taken before it is walked: schemas may refer to themselves.
    definitions.set(name, true);
    definitions.set(name, inline(into, target));
  }
  return ['#/definitions', part, ...inner].join('/');
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
