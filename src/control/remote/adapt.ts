// The schemas of the gateway at hand instead of ours, as far as they differ: defaults of another version, fields it has not
// got yet or has got since. What only ours know - secrets, checks, the grammar of files - stays; a check goes with a field
// that the gateway lacks.
import { isEqual, type JsonObject } from '../../lib/json.ts';
import type { EntitySchema, Field, Fields, RecordField, Shorthands, Subschema } from '../../schema/define.ts';
import { createSchemaSet, type SchemaSet } from '../../schema/schema-set.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { AdminClient } from './client.ts';
import { toFields } from './schemas.ts';

/** @param available names of subschemas that the gateway says it has; undefined asks for all that we know. */
export async function adaptSchemas(
  client: AdminClient,
  schemas: SchemaSet,
  available: ReadonlySet<string> | undefined,
  parallelism: number,
): Promise<SchemaSet> {
  const ask = (path: string): Promise<JsonObject | undefined> => client.get(path, { absent: [400, 404] });
  const kinds = [...schemas.entities.values()].filter(({ deck }) => deck !== undefined && deck.link === undefined);
  const adapted = new Map<string, EntitySchema>();
  await mapConcurrently(kinds, parallelism, async (schema) => {
    const fields = adaptFields(schema.fields, await ask(`/schemas/${schema.name}`));
    if (fields !== undefined) adapted.set(schema.name, { ...schema, fields });
  });
  const tables: Record<string, Record<string, Subschema>> = {};
  for (const { name: kind, subschema_key: key, fields } of kinds) {
    const names = schemas.subschemaNames(kind);
    const table: Record<string, Subschema> = {};
    tables[kind] = table;
    const isNamed = key !== undefined && fields[key]?.type === 'string';
    await mapConcurrently(names, parallelism, async (name) => {
      const ours = schemas.subschema(kind, name)!;
      table[name] = ours;
      if (!isNamed || available?.has(name) === false) return;
      table[name] = adaptSubschema(ours, await ask(`/schemas/${kind}/${encodeURIComponent(name)}`));
    });
  }
  const entities = [...schemas.entities.values()].map((schema) => adapted.get(schema.name) ?? schema);
  return createSchemaSet(entities, tables);
}

function adaptSubschema(ours: Subschema, answer: JsonObject | undefined): Subschema {
  const theirs = toFields(answer?.['fields']);
  const fields: Record<string, Field> = { ...ours.fields };
  let isWhole = true;
  for (const [name, field] of Object.entries(ours.fields)) {
    const other = theirs[name];
    if (other === undefined) continue;
    fields[name] = adaptField(field, other);
    if (!hasAll(field, other)) isWhole = false;
  }
  return isWhole ? { ...ours, fields } : { fields };
}

/** Undefined when the answer is no schema. */
function adaptFields(ours: Fields, answer: JsonObject | undefined): Fields | undefined {
  const theirs = toFields(answer?.['fields']);
  return Object.keys(theirs).length === 0 ? undefined : mergeFields(ours, theirs);
}

function mergeFields(ours: Fields, theirs: Fields): Fields {
  const merged: Record<string, Field> = {};
  for (const [name, field] of Object.entries(ours)) {
    const other = theirs[name];
    // What ours compute, or show a view of, is no field of theirs.
    if (other !== undefined) merged[name] = adaptField(field, other);
    else if (field.transient === true || field.computed === true) merged[name] = field;
  }
  for (const [name, field] of Object.entries(theirs)) if (merged[name] === undefined) merged[name] = field;
  return merged;
}

function adaptField(ours: Field, theirs: Field): Field {
  if (ours.type !== theirs.type) return theirs;
  if (ours.type === 'foreign') return ours;
  const base = withDefaultOf(ours, theirs);
  if (base.type === 'record' && theirs.type === 'record') {
    if (base.abstract === true) return base;
    return hasAll(base, theirs) ? adaptRecord(base, theirs) : withoutChecks(adaptRecord(base, theirs));
  }
  if ((base.type === 'array' || base.type === 'set') && (theirs.type === 'array' || theirs.type === 'set')) {
    return { ...base, elements: adaptField(base.elements, theirs.elements) };
  }
  if (base.type === 'map' && theirs.type === 'map') return { ...base, values: adaptField(base.values, theirs.values) };
  return base;
}

function withDefaultOf<F extends Field>(ours: F, theirs: Field): F {
  if (isEqual(ours.default ?? null, theirs.default ?? null)) return ours;
  const { default: _own, ...rest } = ours;
  return (theirs.default === undefined ? rest : { ...rest, default: theirs.default }) as F;
}

function adaptRecord(ours: RecordField, theirs: RecordField): RecordField {
  const shorthands: Shorthands = {
    ...theirs.shorthand_fields,
    ...Object.fromEntries(
      Object.entries(ours.shorthand_fields ?? {}).filter(([name, { deprecation }]) => {
        const target = deprecation?.replaced_with?.[0]?.split('.')[0];
        return theirs.fields[name] === undefined && (target === undefined || theirs.fields[target] !== undefined);
      }),
    ),
  };
  const { shorthand_fields: _own, ...rest } = ours;
  return {
    ...rest,
    fields: mergeFields(ours.fields, theirs.fields),
    ...(Object.keys(shorthands).length === 0 ? {} : { shorthand_fields: shorthands }),
  };
}

function withoutChecks({ entity_checks: _checks, custom_validator: _custom, ...rest }: RecordField): RecordField {
  return rest;
}

/** Does theirs have every field of ours, at any depth? Where not, rules about fields may ask for what cannot be. */
function hasAll(ours: Field, theirs: Field): boolean {
  if (ours.type !== 'record' || theirs.type !== 'record' || ours.abstract === true) return true;
  return Object.entries(ours.fields).every(([name, field]) => {
    const other = theirs.fields[name];
    return other !== undefined && hasAll(field, other);
  });
}
