// From a request body to a committed change: references by name become ids, the one validator judges, child entities that
// a field stands for follow, the store commits.
import { isObject, type JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import { messages } from '../schema/messages.ts';
import type { AutoSource } from '../schema/process.ts';
import { foreignFields, schemaOf } from '../schema/schema-set.ts';
import { processEntity } from '../schema/validate.ts';
import { expiryAfter, MAX_TTL_SECONDS } from '../state/expiry.ts';
import type { Change } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import { foreignUnresolved, type Reply, schemaViolation, violationReply } from './reply.ts';

export interface WriteContext {
  readonly store: Store;
  readonly auto: AutoSource;
}

export type Written = { ok: true; entity: Entity } | { ok: false; reply: Reply };

/**
 * @param existing the entity to change; absent to make one.
 * @param mode `replace` starts from defaults and keeps the id; `merge` changes only what `input` names.
 */
export async function writeEntity(
  context: WriteContext,
  schema: EntitySchema,
  input: JsonObject,
  existing: Entity | undefined,
  mode: 'create' | 'replace' | 'merge',
): Promise<Written> {
  const { store } = context;
  const resolved = resolveReferences(store, schema, input);
  if (!resolved.ok) return resolved;
  const value = existing === undefined || mode === 'merge' ? resolved.value : { ...resolved.value, id: existing.id };
  const processed = processEntity(store.state.schemas, schema, value, {
    auto: context.auto,
    ...(existing !== undefined && mode === 'merge' ? { existing: withoutViews(schema, existing) } : {}),
  });
  if (!processed.ok) return { ok: false, reply: schemaViolation(processed.errors) };
  const wrongTtl = startLifetime(schema, input, processed.entity, context.auto.now());
  if (wrongTtl !== undefined) return { ok: false, reply: schemaViolation({ ttl: wrongTtl }) };
  if (processed.entity['id'] !== undefined) processed.entity.id = processed.entity.id.toLowerCase();

  const views = takeViews(schema, processed.entity);
  const changes: Change[] = [
    { action: mode === 'create' ? 'create' : 'upsert', kind: schema.name, entity: processed.entity },
  ];
  for (const view of views) {
    const named = Object.hasOwn(input, view.field) || mode === 'replace';
    if (!named) continue;
    const planned = planChildren(context, processed.entity, view);
    if (!planned.ok) return planned;
    changes.push(...planned.changes);
  }
  const committed = await store.commit(changes);
  if (!committed.ok) return { ok: false, reply: violationReply(committed.error) };
  return { ok: true, entity: processed.entity };
}

/** A `ttl` that the client gave starts now; answers what is wrong with it. */
function startLifetime(schema: EntitySchema, input: JsonObject, entity: Entity, nowMs: number): string | undefined {
  const ttl = input['ttl'];
  if (schema.ttl !== true || ttl === undefined || ttl === null) return undefined;
  if (typeof ttl !== 'number' || !Number.isInteger(ttl)) return messages.type.integer;
  if (ttl < 0 || ttl > MAX_TTL_SECONDS) return messages.between(0, MAX_TTL_SECONDS);
  entity['ttl'] = expiryAfter(ttl, nowMs);
  return undefined;
}

type Resolved = { ok: true; value: JsonObject } | { ok: false; reply: Reply };

/** `service: {name: "x"}` becomes `service: {id: …}`; only objects with one unique field count. */
function resolveReferences(store: Store, schema: EntitySchema, input: JsonObject): Resolved {
  const value = { ...input };
  const unresolved: { field: string; key: JsonObject; reference: string }[] = [];
  for (const [field, { reference }] of foreignFields(schema)) {
    const given = value[field];
    if (!isObject(given) || Object.hasOwn(given, 'id')) continue;
    const target = store.state.schemas.entities.get(reference);
    const [name, text] = Object.entries(given)[0] ?? [];
    if (target === undefined || name === undefined || typeof text !== 'string') continue;
    if (target.fields[name]?.unique !== true) continue;
    const found = store.state.find(reference, name, text);
    if (found === undefined) unresolved.push({ field, key: { [name]: text }, reference });
    else value[field] = { id: found.id };
  }
  return unresolved.length > 0 ? { ok: false, reply: foreignUnresolved(unresolved) } : { ok: true, value };
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
  const refuse = (text: string) => ({ ok: false as const, reply: schemaViolation({ [view.field]: text }) });
  const changes: Change[] = [];
  const current = state.children(view.entity, view.foreign, parent.id);
  const wanted = new Set<string>();
  for (const value of view.values) {
    if (wanted.has(value)) return refuse(`${value} is duplicated`);
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
      return refuse(`${value} already associated with existing ${view.foreign} '${owner?.id ?? ''}'`);
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
