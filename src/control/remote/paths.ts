// Paths of the Admin API, from the schemas: where a kind is listed and where one entity is written.
import { isObject } from '../../lib/json.ts';
import type { Entity, EntitySchema, LinkForm } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';

export const collectionPath = (schema: EntitySchema): string => `/${schema.admin_api_name ?? schema.name}`;

/** The collection of `schema` below one parent. */
export function childrenPath(schemas: SchemaSet, schema: EntitySchema, field: string, parentId: string): string {
  const definition = schema.fields[field];
  if (definition?.type !== 'foreign') throw new Error(`${schema.name}.${field} refers to nothing`);
  const parent = collectionPath(schemaOf(schemas, definition.reference));
  return `${parent}/${parentId}/${schema.admin_api_nested_name ?? schema.name}`;
}

/** Where the pairs of one entity are listed. */
export function linksPath(schemas: SchemaSet, schema: EntitySchema, link: LinkForm, id: string): string {
  const definition = schema.fields[link.under];
  if (definition?.type !== 'foreign') throw new Error(`${schema.name}.${link.under} refers to nothing`);
  return `${collectionPath(schemaOf(schemas, definition.reference))}/${id}/${link.collection}`;
}

export function entityPath(schemas: SchemaSet, schema: EntitySchema, entity: Entity): string {
  const under = schema.deck?.write_under;
  const parent = under === undefined ? undefined : entity[under];
  return under !== undefined && isObject(parent)
    ? `${childrenPath(schemas, schema, under, String(parent['id']))}/${entity.id}`
    : `${collectionPath(schema)}/${entity.id}`;
}
