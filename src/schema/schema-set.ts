// All schemas of one gateway: its entities and, for each entity with subschemas, what the plugins and vaults add.
// Everything that walks schemas gets this object; nothing looks a schema up globally.
import type { EntitySchema, Field, Fields, Subschema } from './define.ts';

export interface SchemaSet {
  /** In registration order. */
  readonly entities: ReadonlyMap<string, EntitySchema>;
  /** Names of the subschemas of an entity: the plugins, the vaults. */
  subschemaNames(entity: string): readonly string[];
  subschema(entity: string, name: string): Subschema | undefined;
  /** The fields that hold for this value: the entity's own, with those of its subschema in their place. */
  fieldsFor(schema: EntitySchema, subschema: Subschema | undefined): Fields;
}

export function createSchemaSet(
  entities: readonly EntitySchema[],
  subschemas: { readonly [entity: string]: { readonly [name: string]: Subschema } } = {},
): SchemaSet {
  const byName = new Map(entities.map((schema) => [schema.name, schema]));
  const tables = new Map<string, Map<string, Subschema>>();
  for (const schema of entities) {
    tables.set(schema.name, new Map(Object.entries({ ...schema.subschemas, ...subschemas[schema.name] })));
  }
  const merged = new WeakMap<Subschema, Fields>();
  return {
    entities: byName,
    subschemaNames: (entity) => [...(tables.get(entity)?.keys() ?? [])],
    subschema: (entity, name) => tables.get(entity)?.get(name),
    fieldsFor(schema, subschema) {
      if (subschema === undefined) return schema.fields;
      let fields = merged.get(subschema);
      if (fields === undefined) {
        fields = { ...schema.fields, ...subschema.fields };
        merged.set(subschema, fields);
      }
      return fields;
    },
  };
}

export function schemaOf(schemas: SchemaSet, name: string): EntitySchema {
  const schema = schemas.entities.get(name);
  if (schema === undefined) throw new Error(`no schema named ${name}`);
  return schema;
}

/** The fields that point to another entity: name and definition. */
export function foreignFields(schema: EntitySchema): [string, Extract<Field, { type: 'foreign' }>][] {
  const found: [string, Extract<Field, { type: 'foreign' }>][] = [];
  for (const [name, field] of Object.entries(schema.fields)) if (field.type === 'foreign') found.push([name, field]);
  return found;
}
