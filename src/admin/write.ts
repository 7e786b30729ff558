// From a request body to a committed change: references by name become ids, the one validator judges, child entities that
// a field stands for follow, the store commits.
import { isObject, type JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema, ErrorTree } from '../schema/define.ts';
import { messages } from '../schema/messages.ts';
import type { AutoSource } from '../schema/process.ts';
import { foreignFields, schemaOf } from '../schema/schema-set.ts';
import { processEntity } from '../schema/validate.ts';
import { validateField } from '../schema/validate-field.ts';
import { judgeLifetime, startLifetime } from '../state/expiry.ts';
import type { Change, State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { Key } from './locate.ts';
import {
  foreignUnresolved,
  invalidOptions,
  noContent,
  type Reply,
  referencedByOthers,
  schemaViolation,
  unsupported,
  violationReply,
} from './reply.ts';

export interface WriteContext {
  readonly store: Store;
  readonly auto: AutoSource;
}

export type Written = { ok: true; entity: Entity } | { ok: false; reply: Reply };

export interface WriteTarget {
  /** `replace` starts from defaults and keeps the id; `merge` changes only what the input names. */
  readonly mode: 'create' | 'replace' | 'merge';
  /** The entity to change; absent to make one. */
  readonly entity?: Entity | undefined;
  /** By what it was asked for. */
  readonly key?: Key;
}

const VERBS = { create: 'create', replace: 'create or update', merge: 'update' } as const;
const MAX_TRIES = 5;

/** Somebody else changed the entity between our reading and our writing it: it is judged again as it is now. */
export async function writeEntity(
  context: WriteContext,
  schema: EntitySchema,
  input: JsonObject,
  target: WriteTarget,
): Promise<Written> {
  const { store } = context;
  let { entity: existing } = target;
  for (let i = 0; ; i++) {
    const planned = planWrite(context, schema, input, existing, target.mode);
    if (!planned.ok) return planned;
    if (store.isReadOnly) return refuse(unsupported(VERBS[target.mode], schema, target.key?.fields ?? {}));
    let isStale = false;
    const committed = await store.commit((latest) => {
      const current = existing === undefined ? undefined : latest.get(schema.name, existing.id);
      isStale = i < MAX_TRIES && existing !== undefined && current !== undefined && !isSame(current, existing);
      if (isStale) existing = current;
      return isStale ? [] : planned.changes;
    });
    if (!committed.ok) return refuse(violationReply(committed.error));
    if (!isStale) return { ok: true, entity: planned.entity };
  }
}

/** A store may hand out equal entities that are not the same object. */
const isSame = (a: Entity, b: Entity): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export async function removeEntity(
  context: WriteContext,
  schema: EntitySchema,
  entity: Entity,
  key: JsonObject,
): Promise<Reply> {
  const { store } = context;
  if (store.isReadOnly) return unsupported('remove', schema, key);
  const user = schema.remove_check?.(entity, store.state);
  if (user !== undefined) return referencedByOthers(user);
  const committed = await store.commit([{ action: 'delete', kind: schema.name, id: entity.id }]);
  return committed.ok ? noContent : violationReply(committed.error);
}

const refuse = (reply: Reply): { ok: false; reply: Reply } => ({ ok: false, reply });

type Planned = { ok: true; entity: Entity; changes: readonly Change[] } | { ok: false; reply: Reply };

function planWrite(
  context: WriteContext,
  schema: EntitySchema,
  input: JsonObject,
  existing: Entity | undefined,
  mode: WriteTarget['mode'],
): Planned {
  const { state } = context.store;
  const wrongTtl = judgeLifetime(schema, input);
  if (wrongTtl !== undefined) return refuse(invalidOptions({ ttl: wrongTtl }));
  const early = schema.before_write?.(input);
  if (early !== undefined) return refuse(schemaViolation(early));
  const resolved = resolveReferences(state, schema, input);
  if (!resolved.ok) return resolved;
  const processed = processEntity(state.schemas, schema, resolved.value, {
    auto: context.auto,
    read: (kind, id) => state.get(kind, id),
    ...(existing !== undefined && mode === 'merge' ? { existing: withoutViews(schema, existing) } : {}),
  });
  if (!processed.ok) return refuse(schemaViolation({ ...processed.errors, ...resolved.errors }));
  const { entity } = processed;
  startLifetime(schema, input, entity, context.auto.now());
  // Whatever id a body has: what is there keeps its own.
  if (existing !== undefined) entity.id = existing.id;
  const unrelated = schema.relation_check?.(entity, state);
  if (unrelated !== undefined) return refuse(schemaViolation(unrelated));

  const views = takeViews(schema, entity);
  const changes: Change[] = [{ action: mode === 'create' ? 'create' : 'upsert', kind: schema.name, entity }];
  for (const view of views) {
    const named = Object.hasOwn(input, view.field) || mode === 'replace';
    if (!named) continue;
    const planned = planChildren(context, entity, view);
    if (!planned.ok) return planned;
    changes.push(...planned.changes);
  }
  return { ok: true, entity, changes };
}

/** `errors` say more of a reference than the validator can: it does not know the other entity's fields. */
type Resolved = { ok: true; value: JsonObject; errors: ErrorTree } | { ok: false; reply: Reply };

/** `service: {name: "x"}` becomes `service: {id: …}`; only objects with one unique field count. */
function resolveReferences(state: State, schema: EntitySchema, input: JsonObject): Resolved {
  const value = { ...input };
  const unresolved: { field: string; key: JsonObject; reference: string }[] = [];
  const errors: ErrorTree = {};
  for (const [field, { reference }] of foreignFields(schema)) {
    const given = value[field];
    if (!isObject(given) || Object.hasOwn(given, 'id')) continue;
    const target = state.schemas.entities.get(reference);
    const [name, text] = Object.entries(given)[0] ?? [];
    if (target === undefined || name === undefined) continue;
    if (typeof text !== 'string' || target.fields[name]?.unique !== true) {
      errors[field] = judgeReference(target, given);
      continue;
    }
    const found = state.find(reference, name, text);
    if (found === undefined) unresolved.push({ field, key: { [name]: text }, reference });
    else value[field] = { id: found.id };
  }
  return unresolved.length > 0 ? refuse(foreignUnresolved(unresolved)) : { ok: true, value, errors };
}

/** What is wrong with the other entity's fields that were given, else that none of them names it. */
function judgeReference(target: EntitySchema, given: JsonObject): ErrorTree {
  const errors: ErrorTree = {};
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(target.fields, name) ? target.fields[name] : undefined;
    const wrong = field === undefined ? messages.notPrimaryKey : validateField(field, value);
    if (wrong !== undefined) errors[name] = wrong;
  }
  return Object.keys(errors).length > 0 ? errors : { id: messages.missingPrimaryKey };
}

/** A field that is a view of child entities, with the values a client gave for it. */
interface View {
  readonly field: string;
  readonly entity: string;
  readonly foreign: string;
  readonly key: string;
  readonly values: readonly string[];
}

function takeViews(schema: EntitySchema, entity: Entity): View[] {
  const views: View[] = [];
  for (const [field, definition] of Object.entries(schema.fields)) {
    if ((definition.type !== 'array' && definition.type !== 'set') || definition.children === undefined) continue;
    const values = Array.isArray(entity[field]) ? (entity[field] as string[]) : [];
    delete entity[field];
    views.push({ field, ...definition.children, values });
  }
  return views;
}

const withoutViews = (schema: EntitySchema, entity: Entity): Entity => {
  const copy = { ...entity };
  takeViews(schema, copy);
  return copy;
};

/** The children named in `view` exist and point here, those not named any more go. */
function planChildren(
  context: WriteContext,
  parent: Entity,
  view: View,
): { ok: true; changes: Change[] } | { ok: false; reply: Reply } {
  const { state } = context.store;
  const refuseView = (text: string) => refuse(schemaViolation({ [view.field]: text }));
  const changes: Change[] = [];
  const current = state.children(view.entity, view.foreign, parent.id);
  const wanted = new Set<string>();
  for (const value of view.values) {
    if (wanted.has(value)) return refuseView(`${value} is duplicated`);
    wanted.add(value);
  }
  for (const child of current) {
    if (!wanted.has(child[view.key] as string)) changes.push({ action: 'delete', kind: view.entity, id: child.id });
  }
  for (const value of wanted) {
    const holder = state.find(view.entity, view.key, value);
    const owner = holder?.[view.foreign] as { id?: string } | undefined;
    if (owner?.id === parent.id) continue;
    if (holder !== undefined)
      return refuseView(`${value} already associated with existing ${view.foreign} '${owner?.id ?? ''}'`);
    const child = processEntity(
      state.schemas,
      schemaOf(state.schemas, view.entity),
      { [view.key]: value, [view.foreign]: { id: parent.id } },
      { auto: context.auto },
    );
    if (!child.ok) return { ok: false, reply: schemaViolation(child.errors) };
    changes.push({ action: 'create', kind: view.entity, entity: child.entity });
  }
  return { ok: true, changes };
}
