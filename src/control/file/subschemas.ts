// Plugins (and whatever else has subschemas) that are not known here. With a gateway at hand its schema is fetched; without
// one the open part of the entity is kept as written and only a warning says so.
import type { Subschema } from '../../schema/define.ts';
import { createSchemaSet, type SchemaSet } from '../../schema/schema-set.ts';
import { nearest, type Problem } from './diagnostics.ts';
import type { RawEntity } from './lower.ts';

/** Answers the schema of a named plugin or the like; undefined when it is unknown there too. */
export type SubschemaSource = (entity: string, name: string) => Promise<Subschema | undefined>;

export async function completeSubschemas(
  schemas: SchemaSet,
  entities: readonly RawEntity[],
  lookUp: SubschemaSource | undefined,
): Promise<{ schemas: SchemaSet; warnings: readonly Problem[] }> {
  const warnings: Problem[] = [];
  const extra = new Map<string, Map<string, Subschema>>();
  for (const raw of entities) {
    const { name: kind, subschema_key: key } = raw.schema;
    if (key === undefined || raw.schema.fields[key]?.type !== 'string') continue;
    const name = raw.fields[key];
    if (typeof name !== 'string' || name === '' || schemas.subschema(kind, name) !== undefined) continue;
    const added = extra.get(kind) ?? new Map<string, Subschema>();
    extra.set(kind, added);
    if (added.has(name)) continue;
    const found = await lookUp?.(kind, name);
    added.set(name, found ?? openSubschema(raw));
    if (found === undefined) warnings.push(unknownWarning(schemas, raw, key, name));
  }
  return { schemas: extra.size === 0 ? schemas : extendSchemas(schemas, extra), warnings };
}

function unknownWarning(schemas: SchemaSet, raw: RawEntity, key: string, name: string): Problem {
  const near = nearest(name, schemas.subschemaNames(raw.schema.name));
  const word = raw.schema.deck?.kind ?? raw.schema.name;
  return {
    source: raw.source,
    path: [...raw.path, key],
    message: `${word} '${name}' is not known here: its config is checked by the gateway`,
    ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
  };
}

/** Nothing is known of the open field: the entity's own definition, which takes anything, stays in force. */
function openSubschema(raw: RawEntity): Subschema {
  const open = Object.entries(raw.schema.fields).filter(
    ([, field]) => field.type === 'record' && field.abstract === true,
  );
  return { fields: Object.fromEntries(open) };
}

/** The same schemas with more subschemas. */
export function extendSchemas(
  schemas: SchemaSet,
  extra: ReadonlyMap<string, ReadonlyMap<string, Subschema>>,
): SchemaSet {
  const tables: Record<string, Record<string, Subschema>> = {};
  for (const schema of schemas.entities.values()) {
    const table: Record<string, Subschema> = {};
    for (const name of schemas.subschemaNames(schema.name)) table[name] = schemas.subschema(schema.name, name)!;
    for (const [name, subschema] of extra.get(schema.name) ?? []) table[name] = subschema;
    tables[schema.name] = table;
  }
  return createSchemaSet([...schemas.entities.values()], tables);
}
