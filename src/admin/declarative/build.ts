// From written entities to a state: parents first, each judged by the one validator, with ids that are the same for the
// same configuration. Nothing is put in place unless everything is right.
import { isUuid } from '../../lib/ids.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema, ErrorTree } from '../../schema/define.ts';
import { linkItems } from '../../schema/overlay.ts';
import type { AutoSource } from '../../schema/process.ts';
import { entityLevels } from '../../schema/references.ts';
import { foreignFields, type SchemaSet } from '../../schema/schema-set.ts';
import { chooseSubschema, processEntity } from '../../schema/validate.ts';
import { createDeterministicIds } from '../../state/deterministic-ids.ts';
import { judgeLifetime, startLifetimes } from '../../state/expiry.ts';
import { type Change, createState, type State } from '../../state/state.ts';
import { collectEntities, MAX_FAULTS, setError, type WrittenEntity } from './collect.ts';

export interface Failed {
  readonly entity: WrittenEntity;
  readonly errors: ErrorTree;
}

export type Built =
  | { readonly ok: true; readonly state: State }
  | {
      readonly ok: false;
      readonly errors: ErrorTree;
      /** Entities that their schema refuses, for a list instead of a tree. */
      readonly failed: readonly Failed[];
      /** Clashes and references to nothing: the whole of `errors`, when every entity is right by itself. */
      readonly areRelations: boolean;
    };

const NO_PARENT = '00000000-0000-4000-8000-000000000000';

export function buildState(schemas: SchemaSet, document: JsonObject, auto: AutoSource): Built {
  const { entities, errors } = collectEntities(schemas, document);
  const levels = entityLevels(schemas);
  const ordered = [...entities].sort((a, b) => levels.get(a.schema.name)! - levels.get(b.schema.name)!);
  const makeId = createDeterministicIds();
  const names = new NameIndex();
  const failed: Failed[] = [];
  const lost = new Set<WrittenEntity>();
  const changes: Change[] = [];
  const dangling: { entity: WrittenEntity; text: string }[] = [];
  const secrets = document['_transform'] === false ? 'as-written' : 'as-stored';

  for (const written of ordered) {
    if (failed.length === MAX_FAULTS) break;
    // Of an entity whose kind is unknown nothing below can be judged.
    if (written.parent !== undefined && lost.has(written.parent.entity)) {
      lost.add(written);
      continue;
    }
    const value = { ...written.fields };
    if (written.parent !== undefined) value[written.parent.field] = { id: written.parent.entity.id || NO_PARENT };
    const lostLinks = names.resolve(written, value);
    for (const text of lostLinks) dangling.push({ entity: written, text });
    const views = takeViews(written, value);
    const processed = processEntity(schemas, written.schema, value, {
      auto,
      secrets,
      ...(lostLinks.length > 0 ? {} : { read: names.read }),
    });
    const wrongTtl = judgeLifetime(written.schema, value);
    if (!processed.ok || wrongTtl !== undefined) {
      if (!chooseSubschema(schemas, written.schema, value).ok) lost.add(written);
      const wrong: ErrorTree = { ...(processed.ok ? {} : processed.errors), ...(wrongTtl && { ttl: wrongTtl }) };
      failed.push({ entity: written, errors: wrong });
      setError(errors, written.path, { ...wrong });
      // Children are judged all the same.
      const id = String(written.fields['id']);
      written.id = isUuid(id) ? id.toLowerCase() : NO_PARENT;
      names.add(written, written.fields);
      continue;
    }
    const { entity } = processed;
    written.id = typeof written.fields['id'] === 'string' ? entity.id : makeId(written.schema, entity, written.fields);
    entity.id = written.id;
    for (const view of views) delete entity[view.field];
    names.add(written, entity);
    names.keep(written.schema.name, entity);
    changes.push({ action: 'create', kind: written.schema.name, entity });
    for (const { kind, foreign, key, values } of views) {
      for (const text of values) {
        const child = processEntity(
          schemas,
          schemas.entities.get(kind)!,
          { [key]: text, [foreign]: { id: entity.id } },
          { auto },
        );
        if (!child.ok) setError(errors, written.path, child.errors);
        else {
          child.entity.id = makeId(schemas.entities.get(kind)!, child.entity, { [key]: text });
          changes.push({ action: 'create', kind, entity: child.entity });
        }
      }
    }
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors, failed, areRelations: false };
  return relate(schemas, ordered, changes, dangling, auto);
}

/** Every entity is right by itself: do they fit together? */
function relate(
  schemas: SchemaSet,
  ordered: readonly WrittenEntity[],
  changes: readonly Change[],
  dangling: readonly { entity: WrittenEntity; text: string }[],
  auto: AutoSource,
): Built {
  const errors: ErrorTree = {};
  findClashes(schemas, ordered, changes, errors);
  for (const { entity, text } of dangling) {
    const kind = entity.schema.name;
    const tree = (isObject(errors[kind]) ? errors[kind] : {}) as ErrorTree;
    const name = nameOf(entity);
    tree[name] = [...((tree[name] as string[] | undefined) ?? []), text];
    errors[kind] = tree;
  }
  const refused: Built = { ok: false, errors, failed: [], areRelations: true };
  if (Object.keys(errors).length > 0) return refused;
  const state = createState(schemas).with(changes);
  if (state.ok) return { ok: true, state: startLifetimes(state.value, auto.now()) };
  const { error } = state;
  errors[error.kind] = {
    '@entity': [
      `${error.code.replace('_', ' ')} violation on ${JSON.stringify('key' in error ? error.key : error.id)}`,
    ],
  };
  return refused;
}

const nameOf = ({ schema, fields, id }: WrittenEntity): string => {
  const name = schema.endpoint_key === undefined ? undefined : fields[schema.endpoint_key];
  return typeof name === 'string' ? name : id;
};

function findClashes(
  schemas: SchemaSet,
  ordered: readonly WrittenEntity[],
  changes: readonly Change[],
  errors: ErrorTree,
): void {
  const seen = new Set<string>();
  const entities = new Map(changes.flatMap((change) => ('entity' in change ? [[change.entity, change.kind]] : [])));
  const written = Map.groupBy(ordered, ({ schema, id }) => `${schema.name} ${id}`);
  for (const [entity, kind] of entities as Map<Entity, string>) {
    const schema = schemas.entities.get(kind)!;
    const place = written.get(`${kind} ${entity.id}`)?.shift();
    const clash = (field: string, value: Json, shown: string): void => {
      const key = `${kind} ${field} ${String(value)}`;
      if (!seen.has(key)) {
        seen.add(key);
        return;
      }
      const text = `uniqueness violation: '${kind}' entity with ${shown} set to '${String(value)}' already declared`;
      const isKey = field === 'id' || field === schema.endpoint_key;
      if (place === undefined) errors[kind] = { '@entity': [text] };
      else if (isKey) setError(errors, place.path, text);
      else setError(errors, [kind, nameOf(place)], text);
    };
    clash('id', entity.id, 'primary key');
    for (const [name, field] of Object.entries(schema.fields)) {
      const value = entity[name];
      if (field.unique === true && field.type === 'string' && typeof value === 'string') clash(name, value, name);
    }
  }
}

interface View {
  readonly field: string;
  readonly kind: string;
  readonly foreign: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** Names of children given as a list of texts. They stay in the value, for the validator to judge. */
function takeViews({ schema }: WrittenEntity, value: JsonObject): View[] {
  const views: View[] = [];
  for (const [field, definition] of Object.entries(schema.fields)) {
    if ((definition.type !== 'array' && definition.type !== 'set') || definition.children === undefined) continue;
    const { entity: kind, foreign, key } = definition.children;
    const values = Array.isArray(value[field])
      ? (value[field] as Json[]).filter((item) => typeof item === 'string')
      : [];
    views.push({ field, kind, foreign, key, values });
  }
  return views;
}

/** References may name an entity instead of giving its id. */
class NameIndex {
  readonly #ids = new Map<string, string>();
  readonly #known = new Set<string>();
  readonly #kept = new Map<string, Entity>();

  /** What others take values from is there before them. */
  readonly read = (kind: string, id: string): Entity | undefined => this.#kept.get(`${kind} ${id}`);

  keep(kind: string, entity: Entity): void {
    this.#kept.set(`${kind} ${entity.id}`, entity);
  }

  add({ schema, id }: WrittenEntity, entity: JsonObject): void {
    this.#known.add(`${schema.name} ${id}`);
    const name = schema.endpoint_key === undefined ? undefined : entity[schema.endpoint_key];
    if (typeof name === 'string') this.#ids.set(`${schema.name} ${name}`, id);
  }

  /** @param text an id in any case, or a name. */
  #find(kind: string, text: string): string | undefined {
    const id = text.toLowerCase();
    return this.#known.has(`${kind} ${id}`) ? id : this.#ids.get(`${kind} ${text}`);
  }

  /** Puts ids in place of names; answers what refers to nothing. */
  resolve({ schema, parent }: WrittenEntity, value: JsonObject): string[] {
    const problems: string[] = [];
    for (const [field, { reference }] of foreignFields(schema)) {
      const given = value[field];
      if (field === parent?.field || given === undefined || given === null) continue;
      const text = isObject(given) ? (given['id'] ?? Object.values(given)[0]) : given;
      if (typeof text !== 'string') {
        value[field] = given;
        continue;
      }
      const id = this.#find(reference, text);
      value[field] = { id: id ?? NO_PARENT };
      if (id === undefined) problems.push(`invalid reference '${field}: ${text}' (no such entry in '${reference}')`);
    }
    problems.push(...this.#resolveLinks(schema, value));
    return problems;
  }

  /** Links to what gives its values (partials) may name it too. */
  #resolveLinks({ overlay }: EntitySchema, value: JsonObject): string[] {
    const items = linkItems(overlay, value);
    if (overlay === undefined || items.length === 0) return [];
    const { entity, field } = overlay;
    const problems: string[] = [];
    value[field] = items.map((item) => {
      const text = isObject(item) ? (item['id'] ?? item['name']) : undefined;
      if (!isObject(item) || typeof text !== 'string') return item;
      const { name: _, ...rest } = item;
      const id = this.#find(entity, text);
      if (id === undefined) problems.push(`invalid reference '${field}: ${text}' (no such entry in '${entity}')`);
      return { ...rest, id: id ?? NO_PARENT };
    });
    return problems;
  }
}
