// Which entity a path of the Admin API means. All paths follow from the schemas: collections, entities by id or key, the
// parent of an entity, the children of a parent.
import type { EntitySchema } from '../schema/define.ts';
import { foreignFields, type SchemaSet } from '../schema/schema-set.ts';

export type Endpoint =
  | { readonly type: 'collection'; readonly schema: EntitySchema }
  | { readonly type: 'entity'; readonly schema: EntitySchema; readonly key: string }
  /** `/routes/{key}/service`: the entity that a foreign field points to. */
  | {
      readonly type: 'parent';
      readonly schema: EntitySchema;
      readonly key: string;
      readonly field: string;
      readonly parent: EntitySchema;
    }
  /** `/services/{key}/routes`. */
  | {
      readonly type: 'children';
      readonly parent: EntitySchema;
      readonly parentKey: string;
      readonly schema: EntitySchema;
      readonly field: string;
    }
  | {
      readonly type: 'child';
      readonly parent: EntitySchema;
      readonly parentKey: string;
      readonly schema: EntitySchema;
      readonly field: string;
      readonly key: string;
    };

export const METHODS: Readonly<Record<Endpoint['type'], readonly string[]>> = {
  collection: ['GET', 'POST'],
  entity: ['DELETE', 'GET', 'PATCH', 'PUT'],
  parent: ['DELETE', 'GET', 'PATCH', 'PUT'],
  children: ['GET', 'POST'],
  child: ['DELETE', 'GET', 'PATCH', 'PUT'],
};

export const apiName = (schema: EntitySchema): string => schema.admin_api_name ?? schema.name;
export const nestedName = (schema: EntitySchema): string =>
  schema.admin_api_nested_name ?? schema.admin_api_name ?? schema.name;

/** Finds the endpoint of a path; built once per schema set. */
export type EndpointFinder = (segments: readonly string[]) => Endpoint | undefined;

export function createEndpointFinder(schemas: SchemaSet): EndpointFinder {
  const byApiName = new Map<string, EntitySchema>();
  for (const schema of schemas.entities.values()) {
    if (schema.generate_admin_api !== false) byApiName.set(apiName(schema), schema);
  }
  /** parent entity → nested name → child and the field that points up. */
  const nested = new Map<string, Map<string, { schema: EntitySchema; field: string }>>();
  for (const schema of byApiName.values()) {
    for (const [field, { reference }] of foreignFields(schema)) {
      let children = nested.get(reference);
      if (children === undefined) nested.set(reference, (children = new Map()));
      children.set(nestedName(schema), { schema, field });
    }
  }
  return (segments) => {
    const [name = '', key, sub, subKey] = segments;
    const schema = byApiName.get(name);
    if (schema === undefined || segments.length > 4) return undefined;
    if (key === undefined) return isDisabled(schema, '') ? undefined : { type: 'collection', schema };
    if (sub === undefined) {
      return isDisabled(schema, `/{${schema.name}}`) ? undefined : { type: 'entity', schema, key };
    }
    const foreign = Object.hasOwn(schema.fields, sub) ? schema.fields[sub] : undefined;
    if (foreign?.type === 'foreign' && subKey === undefined) {
      const parent = schemas.entities.get(foreign.reference);
      if (parent === undefined || isDisabled(schema, `/{${schema.name}}/${sub}`)) return undefined;
      return { type: 'parent', schema, key, field: sub, parent };
    }
    const child = nested.get(schema.name)?.get(sub);
    if (child === undefined) return undefined;
    return subKey === undefined
      ? { type: 'children', parent: schema, parentKey: key, ...child }
      : { type: 'child', parent: schema, parentKey: key, ...child, key: subKey };
  };
}

const isDisabled = (schema: EntitySchema, rest: string): boolean =>
  schema.disabled_endpoints?.includes(`/${apiName(schema)}${rest}`) === true;

/** All path templates, for `GET /endpoints`. */
export function listEndpoints(schemas: SchemaSet): string[] {
  const paths = new Set<string>();
  for (const schema of schemas.entities.values()) {
    if (schema.generate_admin_api === false) continue;
    const base = `/${apiName(schema)}`;
    const one = `${base}/{${schema.name}}`;
    if (!isDisabled(schema, '')) paths.add(base);
    if (!isDisabled(schema, `/{${schema.name}}`)) paths.add(one);
    for (const [field, { reference }] of foreignFields(schema)) {
      const parent = schemas.entities.get(reference);
      if (parent === undefined) continue;
      if (!isDisabled(schema, `/{${schema.name}}/${field}`)) paths.add(`${one}/${field}`);
      const under = `/${apiName(parent)}/{${parent.name}}/${nestedName(schema)}`;
      paths.add(under).add(`${under}/{${schema.name}}`);
    }
  }
  return [...paths].sort();
}
