// Values that an entity takes over from others: each item of its list of links names an entity and the path at which the
// value of that entity takes the place of its own (the partials of a plugin). Stored is the link; checks between fields,
// comparisons and whoever acts on the entity see what it stands for.
import { isObject, type Json, type JsonObject, valueAt } from '../lib/json.ts';
import type { Entity, ErrorNode, ErrorTree, Field, Fields, Overlay, RecordField } from './define.ts';
import { messages } from './messages.ts';

export type ReadEntity = (kind: string, id: string) => Entity | undefined;

/** An item of the list of links. */
interface Link {
  readonly id: string;
  readonly path: readonly string[];
}

/** The links of an entity as they were written, id or not. */
export function linkItems(overlay: Overlay | undefined, entity: JsonObject): readonly Json[] {
  const items = overlay === undefined ? undefined : entity[overlay.field];
  return Array.isArray(items) ? items : [];
}

/** The ids of the entities that this one takes values from. */
export const linkedIds = (overlay: Overlay | undefined, entity: JsonObject): string[] =>
  linksOf(overlay, entity).map(({ id }) => id);

const linksOf = (overlay: Overlay | undefined, entity: JsonObject): Link[] =>
  linkItems(overlay, entity).flatMap((item): Link[] => {
    const id = isObject(item) ? item['id'] : undefined;
    const path = isObject(item) ? item['path'] : undefined;
    return typeof id === 'string' && typeof path === 'string' ? [{ id, path: path.split('.') }] : [];
  });

/** Gives links without a path the only place where such a value can stand. Changes `entity`. */
export function fillLinkPaths(overlay: Overlay, fields: Fields, entity: JsonObject): void {
  const places = placesOf(fields);
  for (const item of linkItems(overlay, entity)) {
    if (!isObject(item) || typeof item['path'] === 'string') continue;
    if (places.length === 1) item['path'] = places[0]!.path;
  }
}

/** What is wrong with the links. Without `read` nobody knows the other entities. */
export function judgeLinks(
  overlay: Overlay,
  fields: Fields,
  entity: JsonObject,
  read: ReadEntity | undefined,
): ErrorTree | undefined {
  const places = placesOf(fields);
  const errors = linkItems(overlay, entity).map((item): ErrorNode | null => {
    if (!isObject(item)) return null;
    const { id, path } = item;
    if (typeof id !== 'string') return { id: messages.required };
    if (typeof path !== 'string') return { path: messages.required };
    const field = fieldAt(fields, path.split('.'));
    // Of an open record nothing is known.
    if (field !== 'open' && field?.type !== 'record') return { path: `there is no record at '${path}'` };
    const takes = field === 'open' ? undefined : field.takes;
    if (takes === undefined && places.length > 0) {
      return { path: `expected one of: ${places.map((place) => place.path).join(', ')}` };
    }
    if (read === undefined) return null;
    const other = read(overlay.entity, id);
    if (other === undefined) return { id: `there is no such entity in ${overlay.entity}` };
    const kind = other[overlay.kind];
    return takes === undefined || takes.includes(String(kind)) ? null : { id: `'${String(kind)}' cannot be used here` };
  });
  return errors.every((error) => error === null) ? undefined : { [overlay.field]: errors };
}

/** The entity with the linked values in their places; undefined when one of the linked entities is not there. */
export function overlaid(
  overlay: Overlay | undefined,
  fields: Fields,
  entity: Entity,
  read: ReadEntity,
): Entity | undefined {
  let whole = entity;
  for (const { id, path } of overlay === undefined ? [] : linksOf(overlay, entity)) {
    const value = read(overlay!.entity, id)?.[overlay!.value];
    if (!isObject(value)) return undefined;
    const own = valueAt(whole, [...path]);
    const field = fieldAt(fields, path);
    const known = field === undefined || field === 'open' ? value : ofRecord(field, value);
    whole = setAt(whole, path, { ...(isObject(own) ? own : {}), ...known }) as Entity;
  }
  return whole;
}

/** The entity without its own values where linked ones stand: these do not count, whatever they are. */
export function withoutOverlaid<E extends JsonObject>(overlay: Overlay | undefined, entity: E): E {
  let rest = entity;
  for (const { path } of linksOf(overlay, entity)) {
    if (valueAt(rest, [...path]) !== undefined) rest = setAt(rest, path, undefined) as E;
  }
  return rest;
}

/** A copy in which another value stands at the path; what the path does not touch is shared. */
function setAt(value: JsonObject, [key = '', ...rest]: readonly string[], item: Json | undefined): JsonObject {
  const copy = { ...value };
  const inner = copy[key];
  if (rest.length > 0) copy[key] = setAt(isObject(inner) ? inner : {}, rest, item);
  else if (item === undefined) delete copy[key];
  else copy[key] = item;
  return copy;
}

/** A linked entity may have more to say than fits. */
const ofRecord = (field: Field, value: JsonObject): JsonObject =>
  field.type === 'record'
    ? Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(field.fields, name)))
    : value;

function fieldAt(fields: Fields, path: readonly string[]): Field | 'open' | undefined {
  let scope: Fields = fields;
  let field: Field | undefined;
  for (const step of path) {
    field = Object.hasOwn(scope, step) ? scope[step] : undefined;
    if (field?.type === 'record' && field.abstract === true) return 'open';
    scope = field?.type === 'record' ? field.fields : {};
  }
  return field;
}

/** Records that say which kinds of entities may stand for them. */
function placesOf(fields: Fields, above = ''): { readonly path: string; readonly field: RecordField }[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (field.type !== 'record') return [];
    const path = `${above}${name}`;
    return field.takes === undefined ? placesOf(field.fields, `${path}.`) : [{ path, field }];
  });
}

/** Kind → paths, as `/schemas` tells where a plugin takes partials. */
export function describePlaces(fields: Fields): JsonObject | undefined {
  const places = new Map<string, string[]>();
  for (const { path, field } of placesOf(fields)) {
    for (const kind of field.takes ?? []) places.set(kind, [...(places.get(kind) ?? []), path]);
  }
  return places.size === 0 ? undefined : Object.fromEntries(places);
}
