// Which entity each reference in the files means. A reference is a name or an id, as text or as an object with one key;
// what no entity of the files answers to is an error, with the nearest name.
import { isObject, type Json } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { linkItems } from '../../schema/overlay.ts';
import { nearest, type Problem } from './diagnostics.ts';
import { formOf, type Grammar } from './grammar.ts';
import type { RawEntity } from './lower.ts';
import type { SourceText } from './sources.ts';

/** Entity → its foreign field, or an item of its list of links → the entity it points to. */
export type Links = ReadonlyMap<RawEntity, ReadonlyMap<string, RawEntity>>;

/** The source of entities that are on the gateway and in no file. */
const GATEWAY: SourceText = { name: '<gateway>', text: '' };

export const isOutside = (entity: RawEntity): boolean => entity.source === GATEWAY;

/** @param outside entities of the gateway that may be meant where the files have none of that name. */
export function resolveReferences(
  grammar: Grammar,
  entities: readonly RawEntity[],
  outside: ReadonlyMap<string, readonly Entity[]> = new Map(),
): { links: Links; problems: readonly Problem[] } {
  const index = indexNames(grammar, [...entities, ...asRaw(grammar, outside)]);
  const problems: Problem[] = [];
  const links = new Map<RawEntity, Map<string, RawEntity>>();
  for (const entity of entities) {
    const found = new Map<string, RawEntity>();
    if (entity.parent !== undefined) found.set(entity.parent.field, entity.parent.entity);
    for (const [field, { reference }] of formOf(grammar, entity.schema.name).foreign) {
      const written = entity.fields[field];
      if (found.has(field) || written === undefined || written === null) continue;
      const target = find(grammar, index, reference, written);
      if (target.ok) found.set(field, target.entity);
      else problems.push({ source: entity.source, path: [...entity.path, field], ...target.problem });
    }
    resolveLinked(grammar, index, entity, found, problems);
    links.set(entity, found);
  }
  return { links, problems };
}

/** Under which name an item of a list of links is among the links of its entity. */
export const linkKey = (field: string, position: number): string => `${field}.${position}`;

/** `partials: [{name: redis, path: config.redis}]`: each item names an entity. */
function resolveLinked(
  grammar: Grammar,
  index: Index,
  { schema, source, path, fields }: RawEntity,
  found: Map<string, RawEntity>,
  problems: Problem[],
): void {
  for (const [i, item] of linkItems(schema.overlay, fields).entries()) {
    if (!isObject(item)) continue;
    const { field, entity } = schema.overlay!;
    const { id, name } = item;
    // Other tools write both: the id is what counts.
    const target = find(grammar, index, entity, id === undefined || id === null ? { name: name ?? null } : { id });
    if (target.ok) found.set(linkKey(field, i), target.entity);
    else problems.push({ source, path: [...path, field, i], ...target.problem });
  }
}

const asRaw = (grammar: Grammar, outside: ReadonlyMap<string, readonly Entity[]>): RawEntity[] =>
  [...outside].flatMap(([kind, entities]) => {
    const schema = grammar.get(kind)?.schema;
    return schema === undefined
      ? []
      : entities.map((fields) => ({ schema, source: GATEWAY, path: [], fields, parent: undefined }));
  });

/** kind → field → text → entity. */
type Index = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, RawEntity>>>;

function indexNames(grammar: Grammar, entities: readonly RawEntity[]): Index {
  const index = new Map<string, Map<string, Map<string, RawEntity>>>();
  for (const [kind, form] of grammar) index.set(kind, new Map(['id', ...form.names].map((name) => [name, new Map()])));
  for (const entity of entities) {
    for (const [field, table] of index.get(entity.schema.name)!) {
      const value = entity.fields[field];
      if (typeof value === 'string' && !table.has(value)) table.set(value, entity);
    }
  }
  return index;
}

type Found = { ok: true; entity: RawEntity } | { ok: false; problem: Pick<Problem, 'message' | 'expected' | 'hint'> };

function find(grammar: Grammar, index: Index, reference: string, written: Json): Found {
  const tables = index.get(reference);
  if (tables === undefined)
    return { ok: false, problem: { message: `nothing of the kind '${reference}' exists here` } };
  const fields = ['id', ...formOf(grammar, reference).names];
  const expected = `the ${fields.join(' or ')} of one of the ${reference} in these files`;
  let text: Json = written;
  let tried: readonly string[] = fields;
  if (isObject(written)) {
    const keys = Object.keys(written);
    const key = keys.length === 1 ? keys[0]! : undefined;
    if (key === undefined || !fields.includes(key)) {
      return {
        ok: false,
        problem: {
          message: 'a reference has exactly one key',
          expected: fields.map((name) => `{ ${name}: ... }`).join(' or '),
        },
      };
    }
    tried = [key];
    text = written[key] as Json;
  }
  if (typeof text !== 'string') return { ok: false, problem: { message: 'a reference must be a text', expected } };
  for (const field of tried) {
    const entity = tables.get(field)!.get(text);
    if (entity !== undefined) return { ok: true, entity };
  }
  const near = nearest(
    text,
    tried.flatMap((field) => [...tables.get(field)!.keys()]),
  );
  return {
    ok: false,
    problem: {
      message: `there is no '${text}' among the ${reference} of these files`,
      expected,
      ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
    },
  };
}
