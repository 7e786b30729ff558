// What an entity is called in event lines, errors and reports: its name, or the last letters of a secret, and what it
// belongs to. The words are those of its literal.
import { isObject } from '../../lib/json.ts';
import type { Entity, EntitySchema } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';

/** @param states where referenced entities are looked up, the first that has one wins. */
export function labelOf(schemas: SchemaSet, schema: EntitySchema, entity: Entity, states: readonly State[]): string {
  const form = schema.deck?.label;
  const fields = form?.fields ?? [schema.endpoint_key ?? 'id'];
  const names = fields.map((field) => entity[field]).filter((value) => typeof value === 'string' && value !== '');
  let name = names.length === 0 ? entity.id : names.join(' ');
  // A secret shows its end, by which people tell it from others.
  if (names.length > 0 && form?.tail !== undefined) name = name.slice(-form.tail);
  if (form?.of !== undefined) name = nameOfReferenced(schemas, schema, entity, form.of, states) ?? name;
  const owners = (form?.for ?? []).flatMap((field) => {
    const text = describeOwner(schemas, schema, entity, field, states);
    return text === undefined ? [] : [text];
  });
  if (owners.length > 0) return `${name} for ${owners.join(' and ')}`;
  return form?.otherwise === undefined ? name : `${name} ${form.otherwise}`;
}

function describeOwner(
  schemas: SchemaSet,
  schema: EntitySchema,
  entity: Entity,
  field: string,
  states: readonly State[],
): string | undefined {
  const definition = schema.fields[field];
  const name = nameOfReferenced(schemas, schema, entity, field, states);
  if (name === undefined || definition?.type !== 'foreign') return undefined;
  const owner = schemaOf(schemas, definition.reference);
  return `${owner.deck?.kind ?? owner.name} ${name}`;
}

function nameOfReferenced(
  schemas: SchemaSet,
  schema: EntitySchema,
  entity: Entity,
  field: string,
  states: readonly State[],
): string | undefined {
  const value = entity[field];
  const definition = schema.fields[field];
  if (!isObject(value) || typeof value['id'] !== 'string' || definition?.type !== 'foreign') return undefined;
  const id = value['id'];
  const owner = schemaOf(schemas, definition.reference);
  const found = states.map((state) => state.get(owner.name, id)).find((item) => item !== undefined);
  const names = [owner.endpoint_key ?? 'id', ...(owner.deck?.identity ?? []).flat()].map((key) => found?.[key]);
  return (names.find((name) => typeof name === 'string' && name !== '') as string | undefined) ?? id;
}

/** The word of a kind in event lines. */
export const kindWord = (schema: EntitySchema): string => schema.deck?.kind ?? schema.name;
