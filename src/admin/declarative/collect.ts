// The entities of a declarative configuration, flat: sections by entity name, children nested under their parents. What is
// wrong with the form itself lands in the tree of errors, at the place where it stands.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { EntitySchema, ErrorNode, ErrorTree } from '../../schema/define.ts';
import { messages } from '../../schema/messages.ts';
import { foreignFields, type SchemaSet } from '../../schema/schema-set.ts';
import { OLD_FORMATS, upgradeFields } from '../../schema/upgrade.ts';

/** Where a value stands in the document: names of members and positions in lists. */
export type Path = readonly (string | number)[];

export interface WrittenEntity {
  readonly schema: EntitySchema;
  /** As written, without nested children. */
  readonly fields: JsonObject;
  readonly parent: { readonly entity: WrittenEntity; readonly field: string } | undefined;
  readonly path: Path;
  /** Decided once everything that it depends on is known. */
  id: string;
}

/** Entities that are wrong: nobody reads more, and there may be a million. */
export const MAX_FAULTS = 1000;

const FORMAT_VERSIONS = [...OLD_FORMATS, '3.0'];
/** Members of the document that are no sections. */
const OWN_MEMBERS: ReadonlySet<string> = new Set(['_format_version', '_transform', '_comment', '_ignore']);

/** Members of an entity that are for readers only. */
const REMARKS: ReadonlySet<string> = new Set(['_comment', '_ignore']);

export interface Collected {
  readonly entities: readonly WrittenEntity[];
  readonly errors: ErrorTree;
}

export function collectEntities(schemas: SchemaSet, document: JsonObject): Collected {
  const errors: ErrorTree = {};
  const entities: WrittenEntity[] = [];
  const pairs: [EntitySchema, Json, Path][] = [];
  judgeMembers(document, errors);
  for (const [name, value] of Object.entries(document)) {
    if (OWN_MEMBERS.has(name)) continue;
    const schema = schemas.entities.get(name);
    const linking = schema === undefined ? linkedSchema(schemas, name) : undefined;
    if (linking !== undefined) pairs.push([linking, value, [name]]);
    else if (schema === undefined || schema.db_export === false) errors[name] = messages.unknown;
    else collectList(schemas, schema, value, undefined, [name], entities, errors);
  }
  for (const [schema, value, path] of pairs) placePairs(schema, value, path, entities, errors);
  // Before anything is judged: the older formats allow what this one refuses.
  if (OLD_FORMATS.has(String(document['_format_version']))) {
    for (const { schema, fields } of entities) upgradeFields(schema, fields);
  }
  return { entities, errors };
}

/** The entity whose links stand in a section of this name: `plugins_partials`. */
const linkedSchema = (schemas: SchemaSet, section: string): EntitySchema | undefined =>
  [...schemas.entities.values()].find(({ overlay }) => overlay?.flat?.section === section);

/** Puts each pair of the section into the list of links of the entity that it names. */
function placePairs(
  schema: EntitySchema,
  value: Json,
  path: Path,
  entities: readonly WrittenEntity[],
  errors: ErrorTree,
): void {
  const { field, flat } = schema.overlay!;
  if (value === null) return;
  if (!Array.isArray(value)) {
    setError(errors, path, messages.type.array);
    return;
  }
  const names = ['id', ...(schema.endpoint_key === undefined ? [] : [schema.endpoint_key])];
  for (const [i, item] of value.entries()) {
    const owner = isObject(item) ? textOf(item[flat!.owner]) : undefined;
    const other = isObject(item) ? textOf(item[flat!.other]) : undefined;
    const entity = entities.find(
      (one) => one.schema === schema && owner !== undefined && names.some((name) => one.fields[name] === owner),
    );
    if (owner === undefined || other === undefined) {
      setError(errors, [...path, i], { [owner === undefined ? flat!.owner : flat!.other]: messages.required });
    } else if (entity === undefined) {
      const text = `invalid reference '${flat!.owner}: ${owner}' (no such entry in '${schema.name}')`;
      setError(errors, [...path, i], { '@entity': [text] });
    } else {
      const place = (item as JsonObject)['path'];
      const links = entity.fields[field];
      const link: JsonObject = { id: other, ...(place === undefined ? {} : { path: place }) };
      entity.fields[field] = [...(Array.isArray(links) ? links : []), link];
    }
  }
}

/** A text, or an object with one. */
function textOf(value: Json | undefined): string | undefined {
  const text = isObject(value) ? (value['id'] ?? Object.values(value)[0]) : value;
  return typeof text === 'string' ? text : undefined;
}

function judgeMembers(document: JsonObject, errors: ErrorTree): void {
  const version = document['_format_version'];
  if (version === undefined || version === null) errors['_format_version'] = messages.required;
  else if (typeof version !== 'string') errors['_format_version'] = messages.type.string;
  else if (!FORMAT_VERSIONS.includes(version)) errors['_format_version'] = messages.oneOf(FORMAT_VERSIONS);
  const transform = document['_transform'];
  if (transform !== undefined && typeof transform !== 'boolean') errors['_transform'] = messages.type.boolean;
  const comment = document['_comment'];
  if (comment !== undefined && typeof comment !== 'string') errors['_comment'] = messages.type.string;
}

function collectList(
  schemas: SchemaSet,
  schema: EntitySchema,
  value: Json,
  parent: WrittenEntity['parent'],
  path: Path,
  entities: WrittenEntity[],
  errors: ErrorTree,
): void {
  if (value === null) return;
  if (!Array.isArray(value)) {
    setError(errors, path, messages.type.array);
    return;
  }
  let faults = 0;
  for (const [i, item] of value.entries()) {
    const place = [...path, i];
    if (!isObject(item)) {
      setError(errors, place, messages.type.record);
      faults += 1;
      if (faults === MAX_FAULTS) break;
      continue;
    }
    const fields: JsonObject = {};
    const entity: WrittenEntity = { schema, fields, parent, path: place, id: '' };
    entities.push(entity);
    for (const [name, member] of Object.entries(item)) {
      if (REMARKS.has(name)) continue;
      const child = nestedSection(schemas, schema, name, member);
      if (child === undefined) fields[name] = member;
      else {
        const link = { entity, field: child.field };
        collectList(schemas, child.schema, member, link, [...place, name], entities, errors);
      }
    }
  }
}

/** A member named after an entity that points here holds children, unless it is a field (a list of names is one). */
function nestedSection(
  schemas: SchemaSet,
  parent: EntitySchema,
  name: string,
  value: Json,
): { schema: EntitySchema; field: string } | undefined {
  const schema = schemas.entities.get(name);
  if (schema === undefined || schema.db_export === false) return undefined;
  if (Object.hasOwn(parent.fields, name) && !(Array.isArray(value) && value.some(isObject))) return undefined;
  const link = foreignFields(schema).find(([, { reference }]) => reference === parent.name);
  return link === undefined ? undefined : { schema, field: link[0] };
}

/** Puts an error at its place; lists get nulls where nothing is wrong. */
export function setError(errors: ErrorTree, path: Path, error: ErrorNode): void {
  let node: ErrorTree | (ErrorNode | null)[] = errors;
  for (const [i, key] of path.entries()) {
    const isLast = i === path.length - 1;
    const next: ErrorNode | null | undefined = read(node, key);
    if (isLast) {
      write(node, key, isTree(next) && isTree(error) ? { ...next, ...error } : error);
      return;
    }
    if (typeof next === 'object' && next !== null) node = next;
    else {
      const made: ErrorTree | (ErrorNode | null)[] = typeof path[i + 1] === 'number' ? [] : {};
      write(node, key, made);
      node = made;
    }
  }
}

const isTree = (node: ErrorNode | null | undefined): node is ErrorTree => isObject(node);

const read = (node: ErrorTree | (ErrorNode | null)[], key: string | number): ErrorNode | null | undefined =>
  Array.isArray(node) ? node[Number(key)] : node[key];

function write(node: ErrorTree | (ErrorNode | null)[], key: string | number, value: ErrorNode): void {
  if (!Array.isArray(node)) {
    node[key] = value;
    return;
  }
  const at = Number(key);
  while (node.length < at) node.push(null);
  node[at] = value;
}
