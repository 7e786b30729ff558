// The gateway's configuration as a State: all kinds at once, page after page, kinds that are only listed below a parent
// parent by parent. With tags only what carries all of them is owned; what owned entities refer to is borrowed.
import { GwctlError } from '../../lib/errors.ts';
import { uuidV5 } from '../../lib/ids.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema, LinkForm } from '../../schema/define.ts';
import { linkedIds } from '../../schema/overlay.ts';
import { entitiesInOrder } from '../../schema/references.ts';
import { foreignFields, type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { createState, type State } from '../../state/state.ts';
import { mapConcurrently } from '../concurrency.ts';
import { isSkipped } from '../plan/skip.ts';
import type { AdminClient } from './client.ts';
import { entityIn, toNormalForm } from './normal-form.ts';
import { childrenPath, collectionPath, linksPath } from './paths.ts';

export interface ReadOptions {
  readonly selectTags?: readonly string[];
  /** Kind → tags: entities with all of them are read as well, and are not owned. */
  readonly lookupTags?: ReadonlyMap<string, readonly string[]>;
  /** Kinds that are not read, nor anything that belongs to one of them. */
  readonly skipKinds?: ReadonlySet<string>;
  /** Only these are read; default all. */
  readonly onlyKinds?: ReadonlySet<string>;
  readonly parallelism?: number;
  readonly onPage?: (kind: string, entities: number) => void;
}

export interface RemoteState {
  readonly state: State;
  /** `kind/id` of entities outside of the tags that are only here because owned ones refer to them. */
  readonly borrowed: ReadonlySet<string>;
}

const PAGE_SIZE = 1000;

export async function readState(
  client: AdminClient,
  schemas: SchemaSet,
  options: ReadOptions = {},
): Promise<RemoteState> {
  const lists = await readEntities(client, schemas, options);
  const found = await lookUp(client, schemas, lists, options);
  const lookedUp = notListed(found, lists);
  await readLinks(client, schemas, lists, lookedUp, options);
  const borrowed = await borrowReferenced(client, schemas, lists, lookedUp, options);
  const changes = [...lists, ...borrowed].flatMap(([kind, entities]) =>
    entities.map((entity) => ({ action: 'create', kind, entity }) as const),
  );
  const result = createState(schemas).with(changes);
  if (!result.ok) {
    throw new GwctlError('E_REMOTE', `the gateway's configuration is not consistent: ${JSON.stringify(result.error)}`, {
      hint: 'It may have changed while it was read. Run the command again.',
    });
  }
  // Nor is what is looked up ours to delete where it is listed as well.
  const names = [...borrowed, ...found].flatMap(([kind, entities]) => entities.map((entity) => `${kind}/${entity.id}`));
  return { state: result.value, borrowed: new Set(names) };
}

const notListed = (
  found: ReadonlyMap<string, readonly Entity[]>,
  lists: ReadonlyMap<string, readonly Entity[]>,
): Map<string, Entity[]> =>
  new Map(
    [...found].map(([kind, entities]) => {
      const ids = new Set(lists.get(kind)?.map(({ id }) => id));
      return [kind, entities.filter(({ id }) => !ids.has(id))];
    }),
  );

/** What the files look up by tags. */
async function lookUp(
  client: AdminClient,
  schemas: SchemaSet,
  lists: ReadonlyMap<string, readonly Entity[]>,
  options: ReadOptions,
): Promise<Map<string, Entity[]>> {
  const found = new Map<string, Entity[]>();
  for (const [kind, selectTags] of options.lookupTags ?? []) {
    // A kind that is skipped is not there to be referred to either.
    if (!lists.has(kind)) continue;
    const schema = schemaOf(schemas, kind);
    found.set(kind, await readPages(client, schemas, schema, collectionPath(schema), { selectTags }));
  }
  return found;
}

/** The entities of every kind that is not skipped, without looking at what they refer to. */
export async function readEntities(
  client: AdminClient,
  schemas: SchemaSet,
  options: ReadOptions = {},
): Promise<Map<string, Entity[]>> {
  const skip = withDependents(schemas, options.skipKinds ?? new Set());
  const kinds = entitiesInOrder(schemas)
    .map((name) => schemaOf(schemas, name))
    .filter(({ deck }) => deck !== undefined && deck.link === undefined)
    .filter(({ name }) => !skip.has(name) && options.onlyKinds?.has(name) !== false);
  const lists = new Map<string, Entity[]>();
  const keep = (schema: EntitySchema, entities: readonly Entity[]): void => {
    lists.set(
      schema.name,
      entities.filter((entity) => !isSkipped(options.skipKinds, schema, entity)),
    );
  };
  const flat = kinds.filter((schema) => schema.deck?.list_under === undefined);
  await Promise.all(flat.map(async (schema) => keep(schema, await readKind(client, schemas, schema, options))));
  for (const schema of kinds) {
    const under = schema.deck?.list_under;
    if (under !== undefined) keep(schema, await readBelowParents(client, schemas, schema, under, lists, options));
  }
  return lists;
}

/** Pairs of entities, one side of which lists them. With tags they are ours where the other side is. */
async function readLinks(
  client: AdminClient,
  schemas: SchemaSet,
  lists: Map<string, Entity[]>,
  lookedUp: ReadonlyMap<string, readonly Entity[]>,
  options: ReadOptions,
): Promise<void> {
  for (const schema of schemas.entities.values()) {
    const link = schema.deck?.link;
    const [under, to] = [schema.fields[link?.under ?? ''], schema.fields[link?.to ?? '']];
    if (link === undefined || under?.type !== 'foreign' || to?.type !== 'foreign') continue;
    const owned = lists.get(to.reference);
    const sides = lists.get(under.reference);
    if (owned === undefined || sides === undefined || options.skipKinds?.has(schema.name) === true) continue;
    const parents = [...sides, ...(lookedUp.get(under.reference) ?? [])];
    const ids = new Set(owned.map(({ id }) => id));
    const pairs = await mapConcurrently(parents, options.parallelism ?? 10, async (parent) => {
      const answer = await client.get(linksPath(schemas, schema, link, parent.id), { absent: [404] });
      const items = answer?.[link.collection] ?? answer?.['data'] ?? [];
      const members = (Array.isArray(items) ? items : []).filter(isObject);
      return members
        .filter((item) => typeof item['id'] === 'string' && ids.has(item['id']))
        .map((item) => pairOf(schema.name, link, parent.id, item['id'] as string));
    });
    lists.set(schema.name, pairs.flat());
  }
}

/** Whoever lists a pair does not tell its id: any that stays the same will do. */
const pairOf = (kind: string, link: LinkForm, under: string, to: string): Entity => ({
  id: uuidV5(PAIRS, `${kind} ${under} ${to}`),
  [link.under]: { id: under },
  [link.to]: { id: to },
});

const PAIRS = '7c9fb1c4-2a38-4f0e-9d1b-6b0a2d1c5e77';

/** What cannot be without a kind that is skipped need not be read either. */
function withDependents(schemas: SchemaSet, kinds: ReadonlySet<string>): ReadonlySet<string> {
  const skip = new Set(kinds);
  for (const name of kinds.size === 0 ? [] : entitiesInOrder(schemas)) {
    const needs = foreignFields(schemaOf(schemas, name)).filter(([, field]) => field.required === true);
    if (needs.some(([, field]) => skip.has(field.reference))) skip.add(name);
  }
  return skip;
}

async function readKind(
  client: AdminClient,
  schemas: SchemaSet,
  schema: EntitySchema,
  options: ReadOptions,
): Promise<Entity[]> {
  const entities = await readPages(client, schemas, schema, collectionPath(schema), options);
  options.onPage?.(schema.name, entities.length);
  return entities;
}

async function readBelowParents(
  client: AdminClient,
  schemas: SchemaSet,
  schema: EntitySchema,
  field: string,
  lists: ReadonlyMap<string, readonly Entity[]>,
  options: ReadOptions,
): Promise<Entity[]> {
  const definition = schema.fields[field];
  const parents = definition?.type === 'foreign' ? (lists.get(definition.reference) ?? []) : [];
  const pages = await mapConcurrently(parents, options.parallelism ?? 10, (parent) =>
    readPages(client, schemas, schema, childrenPath(schemas, schema, field, parent.id), options),
  );
  return pages.flat();
}

async function readPages(
  client: AdminClient,
  schemas: SchemaSet,
  schema: EntitySchema,
  path: string,
  { selectTags = [] }: ReadOptions,
): Promise<Entity[]> {
  const entities: Entity[] = [];
  const tags =
    selectTags.length > 0 && schema.fields['tags'] !== undefined
      ? `&tags=${selectTags.map(encodeURIComponent).join(',')}`
      : '';
  const seen = new Set<string>();
  let offset = '';
  for (;;) {
    const page = await client.get(`${path}?size=${PAGE_SIZE}${tags}${offset}`, { absent: schema.deck?.absent_on });
    if (page === undefined) return entities;
    const data = page['data'];
    // An empty Lua table has no type: some answers carry {} for an empty list.
    if (!Array.isArray(data) && !isEmptyObject(data)) {
      throw new GwctlError('E_NOT_KONG', `GET ${path} answered no list: this is not an Admin API`);
    }
    for (const item of Array.isArray(data) ? data : []) {
      if (isObject(item) && typeof item['id'] === 'string') entities.push(toNormalForm(schemas, schema, item));
    }
    const next = page['offset'];
    if (typeof next !== 'string' || next === '') return entities;
    if (seen.has(next)) throw new GwctlError('E_REMOTE', `GET ${path} answers the same page again and again`);
    seen.add(next);
    offset = `&offset=${encodeURIComponent(next)}`;
  }
}

const isEmptyObject = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;

/** Entities that are referred to and were not listed, with what they refer to in turn. */
async function borrowReferenced(
  client: AdminClient,
  schemas: SchemaSet,
  lists: ReadonlyMap<string, readonly Entity[]>,
  lookedUp: ReadonlyMap<string, readonly Entity[]>,
  options: ReadOptions,
): Promise<Map<string, Entity[]>> {
  const known = new Map([...lists].map(([kind, entities]) => [kind, new Set(entities.map((entity) => entity.id))]));
  const borrowed = new Map([...lookedUp].map(([kind, entities]) => [kind, [...entities]]));
  for (const [kind, entities] of lookedUp) for (const { id } of entities) known.get(kind)?.add(id);
  let open: [string, Entity][] = [...lists, ...lookedUp].flatMap(([kind, entities]) =>
    entities.map((entity): [string, Entity] => [kind, entity]),
  );
  while (open.length > 0) {
    const missing = new Map<string, { kind: string; id: string }>();
    for (const [kind, entity] of open) {
      const schema = schemaOf(schemas, kind);
      const need = (reference: string, id: unknown): void => {
        // A kind that is skipped as a whole has no list to be missing from.
        if (typeof id !== 'string' || known.get(reference)?.has(id) !== false) return;
        missing.set(`${reference}/${id}`, { kind: reference, id });
      };
      for (const [field, { reference }] of foreignFields(schema)) {
        const value = entity[field];
        need(reference, isObject(value) ? value['id'] : undefined);
      }
      if (schema.overlay !== undefined)
        for (const id of linkedIds(schema.overlay, entity)) need(schema.overlay.entity, id);
    }
    open = await mapConcurrently([...missing.values()], options.parallelism ?? 10, async ({ kind, id }) => {
      const schema = schemaOf(schemas, kind);
      const answer: JsonObject | undefined = await client.get(`${collectionPath(schema)}/${id}`);
      const entity = toNormalForm(schemas, schema, entityIn(answer ?? { id }, id));
      known.get(kind)!.add(id);
      const entities = borrowed.get(kind) ?? [];
      entities.push(entity);
      borrowed.set(kind, entities);
      return [kind, entity] as [string, Entity];
    });
  }
  return borrowed;
}
