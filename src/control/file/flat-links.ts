// `plugins_partials`, as files of DB-less mode have it: a list of pairs in place of the list of links that decK writes inside
// the entity. Each pair becomes an item of that list before anything else looks at it.
import { isUuid } from '../../lib/ids.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Overlay } from '../../schema/define.ts';
import { nearest, type Path, type Problem } from './diagnostics.ts';
import { type EntityForm, formOf, type Grammar } from './grammar.ts';
import type { RawEntity } from './lower.ts';
import type { SourceText } from './sources.ts';

interface FlatLink {
  readonly form: EntityForm;
  readonly item: Json;
  readonly source: SourceText;
  readonly path: Path;
  /** The entity that the pair stands in, where it is not in a section of its own. */
  readonly owner: RawEntity | undefined;
}

export type FlatLinks = FlatLink[];

type Flat = NonNullable<Overlay['flat']>;

const flatOf = (form: EntityForm): Flat | undefined => form.schema.overlay?.flat;

/** The form whose links a section of this name holds. */
export const flatLinksForm = (grammar: Grammar, section: string): EntityForm | undefined =>
  [...grammar.values()].find((form) => flatOf(form)?.section === section);

export const isFlatLinks = (form: EntityForm, key: string): boolean => flatOf(form)?.section === key;

export function collectFlatLinks(
  form: EntityForm,
  value: Json,
  place: { source: SourceText; path: Path; owner?: RawEntity },
  into: FlatLinks,
  problems: Problem[],
): void {
  const { source, path, owner } = place;
  if (value === null) return;
  if (!Array.isArray(value)) problems.push({ source, path, message: `'${path.at(-1)}' must be a list` });
  else for (const [i, item] of value.entries()) into.push({ form, item, source, path: [...path, i], owner });
}

/** Changes the fields of the entities that the links belong to. */
export function placeFlatLinks(
  grammar: Grammar,
  links: FlatLinks,
  entities: readonly RawEntity[],
  problems: Problem[],
): void {
  if (links.length === 0) return;
  for (const [form, own] of Map.groupBy(links, (link) => link.form)) {
    const index = indexNames(form, entities);
    for (const link of own) placeLink(grammar, link, index, problems);
  }
}

function indexNames(form: EntityForm, entities: readonly RawEntity[]): ReadonlyMap<string, RawEntity> {
  const index = new Map<string, RawEntity>();
  for (const entity of entities) {
    if (entity.schema !== form.schema) continue;
    for (const name of ['id', ...form.names]) {
      const value = entity.fields[name];
      if (typeof value === 'string' && !index.has(value)) index.set(value, entity);
    }
  }
  return index;
}

function placeLink(
  grammar: Grammar,
  { form, item, source, path, owner: parent }: FlatLink,
  index: ReadonlyMap<string, RawEntity>,
  problems: Problem[],
): void {
  const flat = flatOf(form)!;
  const { field, entity } = form.schema.overlay!;
  if (!isObject(item)) {
    problems.push({ source, path, message: 'each of them must be a mapping' });
    return;
  }
  // A pair may have an id and dates of its own: nothing refers to them.
  const { [flat.owner]: owner, [flat.other]: other, path: at, id: _, created_at: __, updated_at: ___, ...rest } = item;
  for (const name of Object.keys(rest)) {
    problems.push({ source, path: [...path, name], at: 'key', message: `unknown field '${name}'` });
  }
  const text = referenceText(owner);
  const target = parent ?? (text === undefined ? undefined : index.get(text));
  if (target === undefined) {
    const message =
      text === undefined
        ? `${flat.owner}: required field missing`
        : `there is no '${text}' among the ${form.schema.name} of these files`;
    const expected = `the ${['id', ...form.names].join(' or ')} of one of the ${form.schema.name} in these files`;
    const near = text === undefined ? undefined : nearest(text, [...index.keys()]);
    const hint = near === undefined ? {} : { hint: `did you mean '${near}'?` };
    problems.push({ source, path: text === undefined ? path : [...path, flat.owner], message, expected, ...hint });
    return;
  }
  const name = referenceText(other);
  if (name === undefined) {
    problems.push({ source, path, message: `${flat.other}: required field missing` });
    return;
  }
  const [naming = 'name'] = formOf(grammar, entity).names;
  const link: JsonObject = { [isUuid(name) ? 'id' : naming]: name, ...(at === undefined ? {} : { path: at }) };
  const before = target.fields[field];
  target.fields[field] = [...(Array.isArray(before) ? before : []), link];
}

/** A text, or an object with one. */
function referenceText(value: Json | undefined): string | undefined {
  const text = isObject(value) ? Object.values(value)[0] : value;
  return typeof text === 'string' ? text : undefined;
}
