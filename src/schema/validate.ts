// The one validator and default filler: files, Admin API, databases and pushes all come through `processEntity`.
// It answers the stored form, or the tree of errors that the Admin API shows as `fields`.
import { cloneJson, isObject, type Json, type JsonLiteral, type JsonObject } from '../lib/json.ts';
import { runEntityChecks } from './checks.ts';
import type { Entity, EntitySchema, ErrorTree, Fields, Subschema } from './define.ts';
import { messages } from './messages.ts';
import { fillLinkPaths, judgeLinks, linkItems, overlaid, type ReadEntity } from './overlay.ts';
import { type AutoSource, expandShorthands, fillRecord, mergeUpdate } from './process.ts';
import type { SchemaSet } from './schema-set.ts';
import { checkTransformations, transform } from './transform.ts';
import { validateRecord } from './validate-field.ts';

export type Processed = { ok: true; entity: Entity } | { ok: false; errors: ErrorTree };

export interface ProcessOptions {
  /** The stored entity a PATCH changes; absent for an insert. */
  readonly existing?: Entity;
  readonly auto: AutoSource;
  /** `as-written`: secrets stay in clear, because they go to a gateway that does its own hashing. */
  readonly secrets?: 'as-stored' | 'as-written';
  /** Where entities are that this one may take values from; without it they are not judged. */
  readonly read?: ReadEntity | undefined;
}

/**
 * @param input what a client sent: a plain object of unknown content; not changed.
 * @returns the entity to store with every field present, or the errors by field.
 */
export function processEntity(
  schemas: SchemaSet,
  schema: EntitySchema,
  input: JsonObject,
  options: ProcessOptions,
): Processed {
  const { existing, auto } = options;
  const copy = cloneJson(input);
  const chosen = chooseSubschema(schemas, schema, { ...existing, ...copy });
  if (!chosen.ok) return chosen;
  const fields = schemas.fieldsFor(schema, chosen.subschema);

  const shorthandErrors = expandShorthands(schema.shorthand_fields, fields, copy);
  const mismatch = shorthandErrors['@mismatch'];
  if (typeof mismatch === 'string') return { ok: false, errors: { '@entity': [mismatch] } };
  if (Object.keys(shorthandErrors).length > 0) return { ok: false, errors: shorthandErrors };

  const normalizeErrors = schema.normalize?.(copy);
  if (normalizeErrors !== undefined) return { ok: false, errors: normalizeErrors };

  const merged = existing === undefined ? copy : mergeUpdate(fields, existing, copy);
  const ttl = schema.ttl === true ? takeTtl(merged) : undefined;
  const filled = fillRecord(fields, merged, auto);
  if ('updated_at' in fields) {
    filled['updated_at'] = fillRecord({ updated_at: fields['updated_at']! }, {}, auto)['updated_at'] as Json;
  }

  const errors = validateRecord(fields, filled);
  if (existing !== undefined) refuseImmutable(fields, existing, copy, errors);
  const context = existing === undefined ? 'insert' : 'update';
  const whole = withLinked(schema, fields, filled, options.read, errors);
  const checks = [
    ...(schema.entity_checks ?? []),
    ...(whole === undefined ? [] : (chosen.subschema?.entity_checks ?? [])),
  ];
  runEntityChecks(checks, fields, whole ?? filled, errors, context);
  const transformations = schema.transformations ?? [];
  checkTransformations(transformations, copy, filled, existing, errors);
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  if (schema.compute !== undefined) Object.assign(filled, schema.compute(filled));
  if (options.secrets !== 'as-written') transform(transformations, copy, filled);
  if (ttl !== undefined) filled['ttl'] = ttl;
  return { ok: true, entity: filled as Entity };
}

/** What the entity stands for with all it is linked to; undefined when that is not known. Adds what is wrong to `errors`. */
function withLinked(
  { overlay }: EntitySchema,
  fields: Fields,
  entity: JsonObject,
  read: ReadEntity | undefined,
  errors: ErrorTree,
): JsonObject | undefined {
  if (overlay === undefined || linkItems(overlay, entity).length === 0) return entity;
  // What is no list of links was judged by the field itself.
  if (errors[overlay.field] !== undefined) return undefined;
  fillLinkPaths(overlay, fields, entity);
  const wrong = judgeLinks(overlay, fields, entity, read);
  if (wrong !== undefined) Object.assign(errors, wrong);
  if (wrong !== undefined || read === undefined) return undefined;
  return overlaid(overlay, fields, entity as Entity, read);
}

/** The defaults of an entity of this schema applied to a value, without automatic fields and without judging it. */
export function fillDefaults(schemas: SchemaSet, schema: EntitySchema, input: JsonObject): JsonObject {
  const chosen = chooseSubschema(schemas, schema, input);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  const copy = cloneJson(input);
  expandShorthands(schema.shorthand_fields, fields, copy);
  schema.normalize?.(copy);
  return fillRecord(fields, copy, undefined);
}

type Chosen = { ok: true; subschema: Subschema | undefined } | { ok: false; errors: ErrorTree };

/** The subschema that a value selects by its key: a plugin by name, a route by the first protocol that has one. */
export function chooseSubschema(schemas: SchemaSet, schema: EntitySchema, value: JsonObject): Chosen {
  const key = schema.subschema_key;
  if (key === undefined) return { ok: true, subschema: undefined };
  const field = schema.fields[key]!;
  let given: JsonLiteral | undefined = value[key];
  if (given === undefined && field.default !== undefined) given = field.default;
  if (given === undefined || given === null) return { ok: false, errors: { [key]: messages.required } };
  const names = Array.isArray(given) ? given : [given];
  for (const name of names) {
    if (typeof name !== 'string') continue;
    const subschema = schemas.subschema(schema.name, name);
    if (subschema !== undefined) return { ok: true, subschema };
  }
  if (names.length === 0) return { ok: false, errors: { [key]: messages.unknownType('nil') } };
  if (field.type === 'set') {
    const first = names.find((name) => typeof name === 'string');
    // What is no text is judged element by element by the field itself.
    if (first === undefined) return { ok: true, subschema: undefined };
    return { ok: false, errors: { [key]: messages.unknownType(first) } };
  }
  if (typeof given !== 'string') return { ok: false, errors: { [key]: messages.type.string } };
  const text = schema.subschema_error?.replace('%s', given) ?? messages.unknownType(given);
  return { ok: false, errors: { [key]: text } };
}

function refuseImmutable(fields: Fields, existing: JsonObject, input: JsonObject, errors: ErrorTree): void {
  for (const [name, field] of Object.entries(fields)) {
    if (field.immutable === true && Object.hasOwn(input, name) && input[name] !== existing[name]) {
      errors[name] = messages.immutable;
    }
  }
}

/** `ttl` is no field: it is checked by the store and answered as the remaining seconds. */
function takeTtl(value: JsonObject): Json | undefined {
  if (!Object.hasOwn(value, 'ttl')) return undefined;
  const ttl = value['ttl'] as Json;
  delete value['ttl'];
  return ttl;
}

/** One line for the tree, as the Admin API's `message`: entity texts first, then fields in byte order. */
export function describeErrors(errors: ErrorTree): string {
  const parts: string[] = [];
  const entity = errors['@entity'];
  if (Array.isArray(entity)) for (const text of entity) parts.push(String(text));
  for (const name of Object.keys(errors).sort()) {
    if (name === '@entity') continue;
    const error = errors[name]!;
    if (typeof error === 'string') parts.push(`${name}: ${error}`);
    else if (Array.isArray(error)) {
      error.forEach((item, i) => {
        if (item !== null) parts.push(`${name}.${i + 1}: ${typeof item === 'string' ? item : luaTable(item)}`);
      });
    } else {
      for (const key of Object.keys(error).sort()) {
        const inner = error[key]!;
        parts.push(`${name}.${key}: ${typeof inner === 'string' ? inner : luaTable(inner)}`);
      }
    }
  }
  const noun = parts.length === 1 ? 'schema violation' : `${parts.length} schema violations`;
  return `${noun} (${parts.join('; ')})`;
}

/** Deeper trees are printed in the notation that clients of Kong know: `{\n  key = "text"\n}`. */
function luaTable(node: unknown, depth = 0): string {
  if (typeof node === 'string') return JSON.stringify(node).replaceAll('\\\\', '\\');
  const pad = '  '.repeat(depth + 1);
  const close = `${'  '.repeat(depth)}}`;
  if (Array.isArray(node)) {
    const hasHole = node.some((item) => item === null);
    const lines = node.flatMap((item, i) =>
      item === null ? [] : [`${pad}${hasHole ? `[${i + 1}] = ` : ''}${luaTable(item, depth + 1)}`],
    );
    return `{\n${lines.join(',\n')}\n${close}`;
  }
  if (!isObject(node)) return String(node);
  const lines = Object.keys(node)
    .sort()
    .map((key) => {
      const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : `["${key}"]`;
      return `${pad}${name} = ${luaTable(node[key], depth + 1)}`;
    });
  return `{\n${lines.join(',\n')}\n${close}`;
}
