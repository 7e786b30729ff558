// From the shape of a state file to a flat list of entities: nested children are lifted out and remember their parent,
// shared configuration and the file's own defaults and tags are merged in. Nothing here judges fields; process.ts does.
import { cloneJson, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { EntitySchema, Fields } from '../../schema/define.ts';
import { mergeInto } from '../../schema/process.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { upgradeFields } from '../../schema/upgrade.ts';
import { applyDefaults } from './defaults.ts';
import { nearest, type Path, type Problem } from './diagnostics.ts';
import { type Dialect, isDbLessKey, isDbLessSection, refuseDbLess } from './dialect.ts';
import { collectFlatLinks, type FlatLinks, flatLinksForm, isFlatLinks, placeFlatLinks } from './flat-links.ts';
import { type ChildForm, type EntityForm, formOf, type Grammar, IGNORED_KEYS, type LinkedForm } from './grammar.ts';
import {
  agreeOnTags,
  emptyHeader,
  type FileHeader,
  HEADER_KEYS,
  isOldFormat,
  readHeader,
  requireVersion,
} from './header.ts';
import type { SourceText } from './sources.ts';
import { UNSUPPORTED_SECTIONS } from './unsupported.ts';

export interface RawEntity {
  readonly schema: EntitySchema;
  readonly source: SourceText;
  readonly path: Path;
  /** As written, without children; references are still names. */
  readonly fields: JsonObject;
  readonly parent: { readonly field: string; readonly entity: RawEntity } | undefined;
}

export interface Document {
  readonly source: SourceText;
  readonly value: Json;
}

export interface Lowered {
  readonly entities: readonly RawEntity[];
  readonly header: FileHeader;
  readonly problems: readonly Problem[];
}

export interface LowerOptions {
  /** Tags of the command line, to be the same as those of the files where these have some. */
  readonly selectTags: readonly string[];
  readonly dialect: Dialect;
}

export function lower(
  schemas: SchemaSet,
  grammar: Grammar,
  documents: readonly Document[],
  { selectTags, dialect }: LowerOptions,
): Lowered {
  const problems: Problem[] = [];
  const entities: RawEntity[] = [];
  const header = emptyHeader();
  // Shared configuration may stand in another file than its user: all headers come first.
  for (const document of documents) readHeader(schemas, grammar, document, header, problems);
  requireVersion(documents, problems);
  const source = documents[0]?.source;
  if (source !== undefined) agreeOnTags(selectTags, header, source, problems);
  const flatLinks: FlatLinks = [];
  const context: Context = { grammar, dialect, header, problems, entities, flatLinks };
  for (const { source, value } of documents) {
    if (isObject(value)) lowerSections(context, source, value);
  }
  placeFlatLinks(grammar, flatLinks, entities, problems);
  return { entities, header, problems };
}

interface Context {
  readonly grammar: Grammar;
  readonly dialect: Dialect;
  readonly header: FileHeader;
  readonly problems: Problem[];
  readonly entities: RawEntity[];
  readonly flatLinks: FlatLinks;
}

/** Remembers what tells that a file is of DB-less mode, and refuses it where decK's files are wanted. */
function noteDbLess({ dialect, header, problems }: Context, source: SourceText, path: Path): void {
  header.dbLess ??= { source, path };
  if (dialect === 'deck') problems.push(refuseDbLess({ source, path }));
}

function lowerSections(context: Context, source: SourceText, root: JsonObject): void {
  for (const [key, value] of Object.entries(root)) {
    if (isDbLessSection(context.grammar, key)) noteDbLess(context, source, [key]);
    const form = context.grammar.get(key);
    const linking = form === undefined ? flatLinksForm(context.grammar, key) : undefined;
    if (form !== undefined) lowerList(context, source, form, value, [key], undefined);
    else if (linking !== undefined) {
      collectFlatLinks(linking, value, { source, path: [key] }, context.flatLinks, context.problems);
    } else if (!isHeaderKey(context.grammar, key)) context.problems.push(unknownSection(context, source, key));
  }
}

const isHeaderKey = (grammar: Grammar, key: string): boolean =>
  HEADER_KEYS.has(key) || IGNORED_KEYS.has(key) || [...grammar.values()].some((form) => form.open?.section === key);

function unknownSection({ grammar, dialect }: Context, source: SourceText, key: string): Problem {
  const place = { source, path: [key], at: 'key' } as const;
  if (UNSUPPORTED_SECTIONS.has(key)) {
    return { ...place, message: `the section '${key}' is not supported by this version of gwctl` };
  }
  const sections = [...grammar.keys()].filter((name) => dialect === 'any' || !isDbLessSection(grammar, name));
  const near = nearest(key, [...sections, ...HEADER_KEYS]);
  return {
    ...place,
    message: `unknown section '${key}'`,
    expected: `one of ${sections.sort().join(', ')}`,
    ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
  };
}

function lowerList(
  context: Context,
  source: SourceText,
  form: EntityForm,
  value: Json,
  path: Path,
  parent: RawEntity['parent'],
): void {
  if (value === null) return;
  if (!Array.isArray(value)) {
    context.problems.push({
      source,
      path,
      message: `'${path.at(-1)}' must be a list`,
      expected: `a list of ${form.schema.name}`,
    });
    return;
  }
  for (const [i, item] of value.entries()) {
    const at = [...path, i];
    const fields = isObject(item) ? item : fromText(form, item, parent);
    if (fields === undefined) {
      context.problems.push({ source, path: at, message: `each of the ${form.schema.name} must be a mapping` });
    } else lowerEntity(context, source, form, fields, at, parent);
  }
}

/** Children that have nothing but a name may be written as it: `snis: [example.com]`. */
function fromText(form: EntityForm, item: Json, parent: RawEntity['parent']): JsonObject | undefined {
  const name = form.schema.endpoint_key;
  return typeof item === 'string' && parent !== undefined && name !== undefined ? { [name]: item } : undefined;
}

function lowerEntity(
  context: Context,
  source: SourceText,
  form: EntityForm,
  written: JsonObject,
  path: Path,
  parent: RawEntity['parent'],
): void {
  const own: JsonObject = {};
  const children: [ChildForm, Json, string][] = [];
  const links: [LinkedForm, Json, string][] = [];
  const pairs: [Json, string][] = [];
  for (const [key, value] of Object.entries(written)) {
    const child = form.children.get(key);
    const link = form.links.get(key);
    if (isDbLessKey(form, key)) noteDbLess(context, source, [...path, key]);
    if (child !== undefined) children.push([child, value, key]);
    else if (link !== undefined) links.push([link, value, key]);
    else if (isFlatLinks(form, key)) pairs.push([value, key]);
    else if (key === form.open?.key) continue;
    else if (!IGNORED_KEYS.has(key)) own[key] = value;
  }
  const fields = context.dialect === 'deck' ? withoutNulls(form.schema.fields, own) : own;
  const place = { source, path };
  if (parent !== undefined && Object.hasOwn(fields, parent.field)) {
    context.problems.push({
      source,
      path: [...path, parent.field],
      at: 'key',
      message: `'${parent.field}' cannot be named here: it is the ${parent.entity.schema.deck?.kind ?? parent.field} this is nested in`,
      hint: `remove '${parent.field}', or move the entity to the top-level list '${form.schema.name}'`,
    });
    delete fields[parent.field];
  }
  for (const [name, read] of Object.entries(form.schema.deck?.accepts ?? {})) {
    if (fields[name] !== undefined) fields[name] = read(fields[name]);
  }
  if (context.dialect === 'deck') expandSugar(form.schema, fields);
  if (isOldFormat(context.header)) upgradeFields(form.schema, fields);
  applyShared(context, form, written, fields, place);
  applyDefaults(context.header.defaults.get(form.schema.name), fields);
  applyTags(context.header, form, fields);
  const entity: RawEntity = { schema: form.schema, source, path, fields, parent };
  context.entities.push(entity);
  for (const [value, key] of pairs) {
    const at = { source, path: [...path, key], owner: entity };
    collectFlatLinks(form, value, at, context.flatLinks, context.problems);
  }
  for (const [child, value, key] of children) {
    const childForm = formOf(context.grammar, child.schema.name);
    lowerList(context, source, childForm, value, [...path, key], { field: child.field, entity });
  }
  for (const [link, value, key] of links) lowerLinks(context, source, link, value, [...path, key], entity);
}

/** To decK a key without a value is no key, at any depth of records; what plugins are configured with is their own affair. */
const withoutNulls = (fields: Fields, value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => {
        const field = fields[key];
        const isRecord = field?.type === 'record' && field.abstract !== true && isObject(inner);
        return [key, isRecord ? withoutNulls(field.fields, inner) : inner];
      }),
  );

/** `url`: what the file says of a field by its own name counts, where the Admin API lets the shorthand win. */
function expandSugar({ fields, shorthand_fields = {} }: EntitySchema, own: JsonObject): void {
  for (const [name, { type, deprecation, expand }] of Object.entries(shorthand_fields)) {
    const value = own[name];
    if (deprecation !== undefined || Object.hasOwn(fields, name) || typeof value !== type) continue;
    delete own[name];
    for (const [key, inner] of Object.entries(expand(value as Json, own))) if (inner !== null) own[key] ??= inner;
  }
}

/** `groups: [{name: gold}]`: each item is a reference, and makes an entity that holds it and its owner. */
function lowerLinks(
  context: Context,
  source: SourceText,
  link: LinkedForm,
  value: Json,
  path: Path,
  owner: RawEntity,
): void {
  if (value === null) return;
  if (!Array.isArray(value)) {
    context.problems.push({
      source,
      path,
      message: `'${path.at(-1)}' must be a list`,
      expected: 'a list of references',
    });
    return;
  }
  const { schema, field, other } = link;
  const { reference } = formOf(context.grammar, schema.name).foreign.find(([name]) => name === other)![1];
  const names = ['id', ...formOf(context.grammar, reference).names];
  for (const [i, item] of value.entries()) {
    const parent = { field, entity: owner };
    context.entities.push({ schema, source, path: [...path, i], fields: { [other]: shorten(item, names) }, parent });
  }
}

/** Other tools write the whole entity where its name is enough. */
function shorten(item: Json, names: readonly string[]): Json {
  if (!isObject(item)) return item;
  const key = names.find((name) => typeof item[name] === 'string');
  return key === undefined ? item : { [key]: item[key]! };
}

/** `_config: name`: the shared value below, the entity's own above it; lists are not merged. */
function applyShared(
  context: Context,
  form: EntityForm,
  written: JsonObject,
  fields: JsonObject,
  place: { source: SourceText; path: Path },
): void {
  const open = form.open;
  const name = open === undefined ? undefined : written[open.key];
  if (open === undefined || name === undefined || name === null) return;
  const section = context.header.shared.get(open.section);
  const shared = typeof name === 'string' ? section?.get(name) : undefined;
  if (shared === undefined) {
    const near = nearest(String(name), section?.keys() ?? []);
    context.problems.push({
      source: place.source,
      path: [...place.path, open.key],
      message: `'${String(name)}' is not in the section '${open.section}'`,
      ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
    });
    return;
  }
  const merged = cloneJson(shared);
  const own = fields[open.field];
  if (isObject(own)) mergeInto(merged, own);
  fields[open.field] = merged;
}

function applyTags(header: FileHeader, form: EntityForm, fields: JsonObject): void {
  if (header.selectTags.length === 0 || form.schema.fields['tags'] === undefined) return;
  const own = fields['tags'];
  if (own === undefined || own === null || Array.isArray(own)) {
    fields['tags'] = [...new Set([...(Array.isArray(own) ? own : []), ...header.selectTags])];
  }
}
