// A State in the shape of a state file, the inverse of lower: children nested in their parent, references by name, ids and
// timestamps left out where the reader can tell the entity without them.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema, Field, Fields, Overlay } from '../../schema/define.ts';
import { linkItems, withoutOverlaid } from '../../schema/overlay.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import type { State } from '../../state/state.ts';
import { createGrammar, type EntityForm, formOf, type Grammar, identityOf, type LinkedForm } from './grammar.ts';

export interface RaiseOptions {
  /** Keep the id of every entity. */
  readonly withId?: boolean;
  readonly selectTags?: readonly string[];
  readonly workspace?: string | undefined;
  /** Leave out what the gateway would fill in by itself. */
  readonly skipDefaults?: boolean;
  /** `kind/id` of entities that are only known because others refer to them: not written. */
  readonly borrowed?: ReadonlySet<string>;
}

export function raise(schemas: SchemaSet, state: State, options: RaiseOptions = {}): JsonObject {
  const context: Context = { schemas, grammar: createGrammar(schemas), state, options };
  const file: JsonObject = { _format_version: '3.0' };
  if (options.workspace !== undefined) file['_workspace'] = options.workspace;
  if (options.selectTags !== undefined && options.selectTags.length > 0) {
    file['_info'] = { defaults: {}, select_tags: [...options.selectTags] };
  }
  for (const form of context.grammar.values()) {
    if (form.schema.deck?.link !== undefined) continue;
    const loose = state
      .list(form.schema.name)
      .filter((entity) => isOwned(options, form, entity) && nestingField(context, form, entity) === undefined);
    if (loose.length > 0) file[form.schema.name] = raiseList(context, form, loose, undefined);
  }
  return sortKeys(file);
}

interface Context {
  readonly schemas: SchemaSet;
  readonly grammar: Grammar;
  readonly state: State;
  readonly options: RaiseOptions;
}

const isOwned = (options: RaiseOptions, form: EntityForm, entity: Entity): boolean =>
  options.borrowed?.has(`${form.schema.name}/${entity.id}`) !== true;

/** The field of the one parent an entity is written in; undefined when it has none or several. */
function nestingField(context: Context, form: EntityForm, entity: Entity): string | undefined {
  const nesting = form.foreign.filter(([name, field]) => field.in_file?.nest === true && isObject(entity[name]));
  if (nesting.length !== 1) return undefined;
  const [name, field] = nesting[0]!;
  const parent = context.state.get(field.reference, idOf(entity[name]));
  const isWritten = parent !== undefined && isOwned(context.options, formOf(context.grammar, field.reference), parent);
  return isWritten ? name : undefined;
}

const idOf = (reference: Json | undefined): string => (isObject(reference) ? String(reference['id']) : '');

function raiseList(
  context: Context,
  form: EntityForm,
  entities: readonly Entity[],
  parent: string | undefined,
): Json[] {
  return entities
    .map((entity) => ({ key: sortKey(context, form.schema, entity), entity }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ entity }) => raiseEntity(context, form, entity, parent));
}

function sortKey(context: Context, schema: EntitySchema, entity: Entity): string {
  const fields = identityOf(schema)[0] ?? ['id'];
  const parts = fields.map((name) => {
    const value = entity[name];
    const field = schema.fields[name];
    if (isObject(value) && field?.type === 'foreign') return nameOf(context, field.reference, idOf(value));
    return typeof value === 'string' ? value : '';
  });
  // Unnamed ones come last, by id.
  return parts.every((part) => part === '') ? `\uffff${entity.id}` : [...parts, entity.id].join('\u0000');
}

function raiseEntity(context: Context, form: EntityForm, stored: Entity, parent: string | undefined): JsonObject {
  const { schemas, options, state } = context;
  const { schema } = form;
  const { overlay } = schema;
  const entity = withoutOverlaid(overlay, stored);
  const chosen = chooseSubschema(schemas, schema, entity);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  const written: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    if (name === parent || isGenerated(name, field)) continue;
    if (name === 'id' && options.withId !== true && hasName(schema, entity)) continue;
    const value = entity[name];
    if (value === undefined) continue;
    const isAsked = schema.deck?.requires?.includes(name) === true;
    if (options.skipDefaults === true && !isAsked && isDefault(field, value)) continue;
    if (name === overlay?.field) {
      if (linkItems(overlay, entity).length > 0) written[name] = raiseLinked(context, overlay, entity);
      continue;
    }
    if (options.skipDefaults === true && field.type === 'record' && isObject(value) && field.abstract !== true) {
      const told = withoutDefaults(field.fields, value);
      if (Object.keys(told).length > 0) written[name] = told;
    } else if (name === form.open?.field) written[name] = value;
    else if (field.type === 'foreign') writeReference(context, name, schema, value, written);
    else if (value !== null || isNullTold(field)) written[name] = withoutNulls(field, value);
  }
  if (schema.ttl === true && entity['ttl'] !== undefined) written['ttl'] = entity['ttl'];
  for (const [key, child] of form.children) {
    const childForm = formOf(context.grammar, child.schema.name);
    const children = state
      .children(child.schema.name, child.field, entity.id)
      .filter((item) => isOwned(options, childForm, item) && nestingField(context, childForm, item) === child.field);
    if (children.length > 0) written[key] = raiseList(context, childForm, children, child.field);
  }
  for (const [key, link] of form.links) {
    // Told once, on the side that comes first.
    if (Object.keys(link.schema.deck?.link?.in_file ?? {})[0] !== link.field) continue;
    const others = raiseLinks(context, link, entity);
    if (others.length > 0) written[key] = others;
  }
  return written;
}

/** What values are taken over from, by name, and the paths where they stand. */
const raiseLinked = (context: Context, overlay: Overlay, entity: Entity): Json[] =>
  linkItems(overlay, entity).map((item) => {
    if (!isObject(item)) return item;
    const id = String(item['id']);
    const key = schemaOf(context.schemas, overlay.entity).endpoint_key;
    const name = key === undefined ? undefined : context.state.get(overlay.entity, id)?.[key];
    const { path } = item;
    return {
      ...(typeof name === 'string' && key !== undefined ? { [key]: name } : { id }),
      ...(path === null || path === undefined ? {} : { path }),
    };
  });

/** References to the other sides of the pairs that an entity is in, by name. */
function raiseLinks(context: Context, link: LinkedForm, entity: Entity): Json[] {
  const form = formOf(context.grammar, link.schema.name);
  const { reference } = form.foreign.find(([name]) => name === link.other)![1];
  const key = schemaOf(context.schemas, reference).endpoint_key ?? 'id';
  return context.state
    .children(link.schema.name, link.field, entity.id)
    .filter((pair) => isOwned(context.options, form, pair))
    .map((pair) => context.state.get(reference, idOf(pair[link.other])))
    .flatMap((other) =>
      other === undefined ? [] : [typeof other[key] === 'string' ? { [key]: other[key] } : { id: other.id }],
    )
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const isDefault = (field: Field, value: Json): boolean =>
  field.type !== 'foreign' && isEqual(value, field.default ?? null) && field.auto !== true;

function withoutDefaults(fields: Fields, record: JsonObject): JsonObject {
  const told: JsonObject = {};
  for (const [name, value] of Object.entries(record)) {
    const field = fields[name];
    if (field === undefined) told[name] = value;
    else if (field.type === 'record' && isObject(value)) {
      const inner = withoutDefaults(field.fields, value);
      if (Object.keys(inner).length > 0) told[name] = inner;
    } else if (!isDefault(field, value)) told[name] = value;
  }
  return told;
}

const isGenerated = (name: string, field: Field): boolean =>
  name === 'created_at' || name === 'updated_at' || field.transient === true || field.computed === true;

/** Null has to be written where an absent field would become something else. */
const isNullTold = (field: Field): boolean => field.default !== undefined && field.default !== null;

function withoutNulls(field: Field, value: Json): Json {
  if (field.type === 'record' && isObject(value)) return recordWithoutNulls(field.fields, value);
  if ((field.type === 'array' || field.type === 'set') && Array.isArray(value)) {
    return value.map((item) => withoutNulls(field.elements, item));
  }
  return value;
}

function recordWithoutNulls(fields: Fields, record: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = record[name];
    if (value !== undefined && (value !== null || isNullTold(field))) kept[name] = withoutNulls(field, value);
  }
  return kept;
}

/** Can a reader find this entity again without its id, and can others refer to it? */
function hasName(schema: EntitySchema, entity: Entity): boolean {
  // Kinds that are called by their id have no other name worth reading.
  if (schema.deck?.label?.fields.includes('id') === true) return false;
  const isSet = (name: string): boolean => entity[name] !== null && entity[name] !== undefined;
  // Of several natural keys only the preferred one is what references use.
  const [preferred] = identityOf(schema);
  return preferred?.some(isSet) === true;
}

function writeReference(context: Context, name: string, schema: EntitySchema, value: Json, written: JsonObject): void {
  const field = schema.fields[name];
  if (!isObject(value) || field?.type !== 'foreign') return;
  const id = idOf(value);
  const target = context.state.get(field.reference, id);
  const key = schemaOf(context.schemas, field.reference).endpoint_key;
  const text = key === undefined ? undefined : target?.[key];
  if (field.in_file?.as === 'text') written[name] = typeof text === 'string' ? text : id;
  else written[name] = typeof text === 'string' && key !== undefined ? { [key]: text } : { id };
}

function nameOf(context: Context, kind: string, id: string): string {
  const key = schemaOf(context.schemas, kind).endpoint_key;
  const name = key === undefined ? undefined : context.state.get(kind, id)?.[key];
  return typeof name === 'string' ? name : id;
}

/** Alphabetical, at every depth: what people diff must not move by itself. */
function sortKeys<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(sortKeys) as T;
  if (!isObject(value)) return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys((value as JsonObject)[key] as Json);
  return sorted as T;
}
