// From flat raw entities to a valid State: parents first, so that a reference is an id by the time it is checked. Every
// entity goes through the one validator; ids, automatic values and creation times come from the gateway where it has the
// same entity already.
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema, ErrorNode, ErrorTree, Fields } from '../../schema/define.ts';
import { messages } from '../../schema/messages.ts';
import { linkItems } from '../../schema/overlay.ts';
import { entitiesInOrder } from '../../schema/references.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { isSensitivePath } from '../../schema/sensitive.ts';
import { chooseSubschema, fillDefaults, processEntity } from '../../schema/validate.ts';
import { createState, type State } from '../../state/state.ts';
import { shapeOf, uniqueText } from '../../state/table.ts';
import type { Violation } from '../../state/violation.ts';
import { nearest, type Path, type Place, type Problem } from './diagnostics.ts';
import type { Dialect } from './dialect.ts';
import { describeField, fieldAtPath, formOf, type Grammar, legalKeys } from './grammar.ts';
import {
  type CurrentIndex,
  createDeterministicIds,
  createRandomId,
  indexCurrent,
  lendAutomatic,
  naturalKeys,
} from './identity.ts';
import type { RawEntity } from './lower.ts';
import { isOutside, type Links, linkKey } from './references.ts';
import { withoutStandIns } from './stand-ins.ts';
import { UNSUPPORTED_KEYS } from './unsupported.ts';

export interface AssembleOptions {
  readonly schemas: SchemaSet;
  readonly grammar: Grammar;
  /** Lends ids; absent means deterministic ids. */
  readonly current: State | undefined;
  /** Kind → entities of the gateway that are kept as they are. */
  readonly outside?: ReadonlyMap<string, readonly Entity[]> | undefined;
  readonly dialect: Dialect;
  /** Names of variables that stand for their values. */
  readonly standIns: ReadonlySet<string>;
  readonly now: () => number;
  /** False when something is wrong already: entities are still checked, but no state is made of them. */
  readonly isSound: boolean;
}

export interface Assembled {
  readonly state: State;
  /** `kind/id` → where it comes from. */
  readonly origins: ReadonlyMap<string, Place>;
  readonly problems: readonly Problem[];
}

/** Stands for the id of a target that was not found, so that the rest of an entity can still be checked. */
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

export function assemble(entities: readonly RawEntity[], links: Links, options: AssembleOptions): Assembled {
  const { schemas } = options;
  const problems: Problem[] = [];
  const processed = new Map<RawEntity, Entity>();
  const ids = new Map<RawEntity, string>();
  const current = options.current === undefined ? undefined : indexCurrent(options.current, writtenIds(entities));
  const makeId = createDeterministicIds();
  const pairs = new Set<string>();
  const byId = linkable(schemas, options.outside);
  const byKind = Map.groupBy(entities, (entity) => entity.schema.name);
  for (const kind of entitiesInOrder(schemas)) {
    for (const raw of byKind.get(kind) ?? []) {
      const input = withReferences(raw, links, ids, options.grammar);
      const judged = processEntity(schemas, raw.schema, input, {
        auto: { now: options.now },
        secrets: options.current === undefined ? 'as-stored' : 'as-written',
        // Where a link leads nowhere, nothing can be said of what it would bring.
        read: isLinkedWell(raw, links) ? (kind, id) => byId.get(`${kind}/${id}`) : undefined,
      });
      const result = options.standIns.size === 0 ? judged : allowStandIns(options, raw, input, judged);
      if (!result.ok) problems.push(...describeTree(options, raw, result.errors));
      else if (options.dialect === 'deck') problems.push(...describeMissing(raw));
      const entity = result.ok ? result.entity : undefined;
      ids.set(raw, assignId(schemas, raw, input, entity, current, makeId));
      if (entity === undefined) continue;
      // A pair may be told from both of its sides.
      if (raw.schema.deck?.link !== undefined && !isNewPair(raw, entity, pairs)) continue;
      entity.id = ids.get(raw)!;
      lend(schemas, raw, input, entity, options.current);
      processed.set(raw, entity);
      if (isLinkable(schemas, raw.schema.name)) byId.set(`${raw.schema.name}/${entity.id}`, entity);
    }
  }
  problems.push(...findDuplicates(schemas, processed));
  return { ...build(options, processed, options.isSound && problems.length === 0), problems };
}

type Processed = ReturnType<typeof processEntity>;

function allowStandIns(
  { schemas, standIns }: AssembleOptions,
  { schema }: RawEntity,
  input: JsonObject,
  judged: Processed,
): Processed {
  if (judged.ok) return judged;
  const errors = withoutStandIns(judged.errors, input, standIns);
  return errors === undefined
    ? { ok: true, entity: fillDefaults(schemas, schema, input) as Entity }
    : { ok: false, errors };
}

/** Do others take values from entities of this kind? */
const isLinkable = (schemas: SchemaSet, kind: string): boolean =>
  [...schemas.entities.values()].some(({ overlay }) => overlay?.entity === kind);

function isLinkedWell(raw: RawEntity, links: Links): boolean {
  const { overlay } = raw.schema;
  const found = links.get(raw);
  return linkItems(overlay, raw.fields).every((_, i) => found?.has(linkKey(overlay!.field, i)) === true);
}

/** `kind/id` → the entities of the gateway that those of the files may take values from. */
const linkable = (schemas: SchemaSet, outside: AssembleOptions['outside']): Map<string, Entity> =>
  new Map(
    [...(outside ?? [])]
      .filter(([kind]) => isLinkable(schemas, kind))
      .flatMap(([kind, entities]) => entities.map((entity) => [`${kind}/${entity.id}`, entity] as const)),
  );

function isNewPair(raw: RawEntity, entity: Entity, seen: Set<string>): boolean {
  const key = `${raw.schema.name} ${naturalKeys(raw.schema, entity).join()}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function withReferences(
  raw: RawEntity,
  links: Links,
  ids: ReadonlyMap<RawEntity, string>,
  grammar: Grammar,
): JsonObject {
  const input = { ...raw.fields };
  const found = links.get(raw)!;
  for (const [field] of formOf(grammar, raw.schema.name).foreign) {
    const target = found.get(field);
    if (target !== undefined && isOutside(target)) input[field] = { id: target.fields['id'] ?? UNKNOWN_ID };
    else if (target !== undefined) input[field] = { id: ids.get(target) ?? UNKNOWN_ID };
    else if (input[field] !== undefined && input[field] !== null) input[field] = { id: UNKNOWN_ID };
  }
  const { overlay } = raw.schema;
  if (linkItems(overlay, input).length > 0) {
    input[overlay!.field] = linkItems(overlay, input).map((item, i): Json => {
      const target = found.get(linkKey(overlay!.field, i));
      if (!isObject(item)) return item;
      const { name: _name, ...rest } = item;
      if (target === undefined) return { ...rest, id: UNKNOWN_ID };
      return { ...rest, id: isOutside(target) ? (target.fields['id'] ?? UNKNOWN_ID) : (ids.get(target) ?? UNKNOWN_ID) };
    });
  }
  return input;
}

const writtenIds = (entities: readonly RawEntity[]): ReadonlySet<string> =>
  new Set(entities.flatMap(({ fields: { id } }) => (typeof id === 'string' ? [id.toLowerCase()] : [])));

function assignId(
  schemas: SchemaSet,
  raw: RawEntity,
  input: JsonObject,
  entity: Entity | undefined,
  current: CurrentIndex | undefined,
  makeId: ReturnType<typeof createDeterministicIds>,
): string {
  const written = raw.fields['id'];
  if (typeof written === 'string') return written.toLowerCase();
  const value = entity ?? input;
  if (current === undefined) return makeId(raw.schema, value, input);
  if (entity !== undefined && naturalKeys(raw.schema, entity).length === 0) {
    const same = current.takeEqual(raw.schema, fieldsOf(schemas, raw.schema, entity), entity);
    if (same !== undefined) return same.id;
  }
  return current.find(raw.schema, value)?.id ?? createRandomId();
}

function lend(schemas: SchemaSet, raw: RawEntity, input: JsonObject, entity: Entity, current: State | undefined): void {
  const before = current?.get(raw.schema.name, entity.id);
  if (before !== undefined) lendAutomatic(fieldsOf(schemas, raw.schema, entity), input, entity, before);
}

/** What a gateway would make by itself: a key that each sync would make anew, a secret that nobody would know. */
function describeMissing({ schema, source, path, fields }: RawEntity): Problem[] {
  const isWritten = (name: string): boolean => fields[name] !== undefined && fields[name] !== null;
  const { kind, requires = [], requires_one_of: names = [] } = schema.deck ?? {};
  const hint = `files for a gateway say it, so that every sync makes the same ${kind ?? schema.name}; only \`serve\` fills it in`;
  const missing = requires.filter((name) => !isWritten(name)).map((name) => `${name}: required field missing`);
  if (names.length > 0 && !names.some(isWritten)) missing.push(`${names.join(' or ')}: one of them is required`);
  return missing.map((message) => ({ source, path, message, hint }));
}

export function fieldsOf(schemas: SchemaSet, schema: EntitySchema, value: JsonObject): Fields {
  const chosen = chooseSubschema(schemas, schema, value);
  return schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
}

function describeTree(options: AssembleOptions, raw: RawEntity, errors: ErrorTree): Problem[] {
  const fields = fieldsOf(options.schemas, raw.schema, raw.fields);
  const form = formOf(options.grammar, raw.schema.name);
  const problems: Problem[] = [];
  const visit = (path: Path, node: ErrorNode): void => {
    if (typeof node === 'string') problems.push(describeError(path, node));
    else if (Array.isArray(node)) {
      const isEntityText = path.at(-1) === '@entity';
      for (const [i, item] of node.entries()) {
        if (item !== null) visit(isEntityText ? path.slice(0, -1) : [...path, i], item);
      }
    } else for (const [key, inner] of Object.entries(node)) visit([...path, key], inner);
  };
  const describeError = (path: Path, text: string): Problem => {
    const place = { source: raw.source, path: [...raw.path, ...path] };
    const name = path.filter((step) => typeof step === 'string').join('.');
    if (text === messages.unknown) return { ...place, at: 'key', ...unknownKey(path, name) };
    const field = fieldAtPath(fields, path);
    // The words for a list of links are about another entity, not about the form of the value.
    const isLink = path[0] !== undefined && path[0] === raw.schema.overlay?.field;
    const expected = field === undefined || path.length === 0 || isLink ? undefined : describeField(field);
    return {
      ...place,
      message: name === '' ? text : `${name}: ${withoutSecret(fields, path, raw.fields, text)}`,
      ...(expected === undefined || text.startsWith('expected one of') ? {} : { expected }),
    };
  };
  const unknownKey = (path: Path, name: string): { message: string; expected?: string; hint?: string } => {
    const key = String(path.at(-1));
    if (path.length === 1 && UNSUPPORTED_KEYS.has(key))
      return { message: `'${key}' is not supported by this version of gwctl` };
    const above = path.length === 1 ? undefined : fieldAtPath(fields, path.slice(0, -1));
    const inside = path.length === 1 ? legalKeys(form, fields) : recordKeys(above);
    const near = nearest(key, inside);
    const elsewhere = path.length === 1 ? raw.schema.fields_elsewhere?.[key] : undefined;
    const hint = elsewhere ?? (near === undefined ? undefined : `did you mean '${near}'?`);
    return {
      message: `unknown field '${name}'`,
      ...(inside.length === 0
        ? {}
        : { expected: `one of ${inside.filter((item) => !item.startsWith('_')).join(', ')}` }),
      ...(hint === undefined ? {} : { hint }),
    };
  };
  for (const [key, node] of Object.entries(errors)) visit([key], node);
  return problems;
}

/** Some messages repeat the value that is wrong. */
function withoutSecret(fields: Fields, path: Path, value: JsonObject, text: string): string {
  const steps = path.map(String);
  if (!isSensitivePath(fields, steps)) return text;
  const secret = steps.reduce<unknown>((inner, step) => (inner as JsonObject | undefined)?.[step], value);
  return typeof secret === 'string' && secret !== '' ? text.replaceAll(secret, '[hidden]') : text;
}

const recordKeys = (field: ReturnType<typeof fieldAtPath>): string[] =>
  field?.type === 'record' ? [...Object.keys(field.fields), ...Object.keys(field.shorthand_fields ?? {})] : [];

/** Two entities of the files that claim the same id or the same unique value. */
function findDuplicates(schemas: SchemaSet, processed: ReadonlyMap<RawEntity, Entity>): Problem[] {
  const keys = new Map([...schemas.entities.values()].map((schema) => [schema.name, keysToCompare(schema)] as const));
  const problems: Problem[] = [];
  for (const [raw, entity] of processed) {
    let isNamed = false;
    let reported: Set<RawEntity> | undefined;
    for (const { key, seen } of keys.get(raw.schema.name)!) {
      const text = uniqueText(key, entity);
      if (text === undefined) continue;
      const isId = key[0] === 'id';
      if (!isId) isNamed = true;
      const first = seen.get(text);
      if (first === undefined) seen.set(text, raw);
      // One clash is said once: equal names have equal ids as well.
      else if (reported?.has(first) !== true && !(isId && isNamed && raw.fields['id'] === undefined)) {
        reported = (reported ?? new Set()).add(first);
        problems.push(describeDuplicate(raw, entity, key, first));
      }
    }
  }
  return problems;
}

/** The unique keys of a kind, its id last, each with what has been seen of it. */
const keysToCompare = (schema: EntitySchema): { key: readonly string[]; seen: Map<string, RawEntity> }[] =>
  [...shapeOf(schema).uniqueKeys, ['id']].map((key) => ({ key, seen: new Map() }));

function describeDuplicate(raw: RawEntity, entity: Entity, key: readonly string[], first: RawEntity): Problem {
  const kind = raw.schema.deck?.kind ?? raw.schema.name;
  const set = key.filter((name) => entity[name] !== null && entity[name] !== undefined);
  const isSecret = set.some((name) => raw.schema.fields[name]?.encrypted === true);
  const shown = set.map((name) => (isObject(entity[name]) ? `the same ${name}` : `${name} '${String(entity[name])}'`));
  const at = set.find((name) => Object.hasOwn(raw.fields, name));
  return {
    source: raw.source,
    path: at === undefined ? raw.path : [...raw.path, at],
    message: isSecret ? `duplicate ${kind}: the same ${set.join(', ')}` : `duplicate ${kind}: ${shown.join(' and ')}`,
    hint: 'remove one of the two, or give it another name',
    other: { source: first.source, path: at === undefined ? first.path : [...first.path, at] },
  };
}

function build(
  { schemas, outside = new Map() }: AssembleOptions,
  processed: ReadonlyMap<RawEntity, Entity>,
  isSound: boolean,
): { state: State; origins: Map<string, Place> } {
  const origins = new Map<string, Place>();
  const empty = createState(schemas);
  if (!isSound) return { state: empty, origins };
  const changes = [...processed].map(([raw, entity]) => {
    origins.set(`${raw.schema.name}/${entity.id}`, { source: raw.source, path: raw.path });
    return { action: 'create', kind: raw.schema.name, entity } as const;
  });
  const kept = [...outside].flatMap(([kind, entities]) =>
    entities
      .filter((entity) => !origins.has(`${kind}/${entity.id}`))
      .map((entity) => ({ action: 'create', kind, entity }) as const),
  );
  const result = empty.with([...kept, ...changes]);
  if (!result.ok && kept.length > 0) throw clashOf(result.error);
  // References and unique keys were checked above with places; what fails here would be a defect of that.
  if (!result.ok) throw new Error(`the files are inconsistent: ${JSON.stringify(result.error)}`);
  return { state: result.value, origins };
}

/** The files give another id to something that the gateway has, or refer to what cannot be kept. */
const clashOf = (error: Violation): GwctlError =>
  new GwctlError('E_REMOTE', 'an entity of the files clashes with one that the gateway has', {
    // The values may be secrets: only the names of the fields are told.
    details: `  ${error.kind}: ${error.code}${'key' in error ? ` (${Object.keys(error.key).join(', ')})` : ''}${error.code === 'unique' ? `, held by ${error.holder}` : ''}`,
    hint: 'Give it the id of the one on the gateway, or another name.',
  });
