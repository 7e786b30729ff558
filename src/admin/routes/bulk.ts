// `/-/apply`: many changes as one. All of them are judged, then all are kept or none; requests see either the configuration
// before or the one after. Clients find the path in the answer to `GET /`.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema } from '../../schema/define.ts';
import { processEntity } from '../../schema/validate.ts';
import type { Change, State } from '../../state/state.ts';
import { message, ok, type Reply, schemaViolation, unsupportedText, violationReply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const BULK_PATH = '/-/apply';
const MAX_CHANGES = 1_000_000;
const ACTIONS: ReadonlySet<string> = new Set(['create', 'update', 'upsert', 'delete']);

export const bulkRoutes: readonly SpecialRoute[] = [
  {
    path: ['-', 'apply'],
    methods: { POST: apply },
    takes: 'any document',
    describes: { POST: 'Make many changes at once: all of them or none' },
  },
];

type Read = { readonly ok: true; readonly change: Change } | { readonly ok: false; readonly reply: Reply };

async function apply(request: SpecialRequest): Promise<Reply> {
  const { store, body } = request;
  if (store.isReadOnly) return unsupportedText('cannot apply changes when not using a database');
  const given = body['changes'];
  if (!Array.isArray(given)) return message(400, 'changes: expected an array');
  if (given.length > MAX_CHANGES) return message(413, `more than ${MAX_CHANGES} changes`);
  const changes: Change[] = [];
  for (const [index, item] of given.entries()) {
    const read = readChange(request, item);
    if (!read.ok) return at(index, read.reply);
    changes.push(read.change);
  }
  const kept = changes.filter((change) => !isDoneAlready(change, store.state));
  if (kept.length === 0) return ok({ applied: 0 });
  const committed = await store.commit(kept);
  if (committed.ok) return ok({ applied: kept.length });
  const { error } = committed;
  const index = changes.findIndex((change) => change.kind === error.kind && concerns(change, error as JsonObject));
  return at(index, violationReply(error));
}

/** What is to be removed and is not there is no change, as with single calls. */
const isDoneAlready = (change: Change, state: State): boolean =>
  change.action === 'delete' && state.get(change.kind, change.id) === undefined;

function readChange({ store, auto }: SpecialRequest, item: Json): Read {
  if (!isObject(item)) return { ok: false, reply: message(400, 'expected an object') };
  const { action, kind, entity, id } = item;
  if (typeof action !== 'string' || !ACTIONS.has(action)) {
    return { ok: false, reply: message(400, 'action: expected one of: create, update, upsert, delete') };
  }
  const schema = typeof kind === 'string' ? store.state.schemas.entities.get(kind) : undefined;
  if (schema === undefined) return { ok: false, reply: message(400, `kind: no entity named '${String(kind)}'`) };
  if (action === 'delete') {
    if (typeof id !== 'string') return { ok: false, reply: message(400, 'id: expected a string') };
    return { ok: true, change: { action, kind: schema.name, id: id.toLowerCase() } };
  }
  if (!isObject(entity)) return { ok: false, reply: message(400, 'entity: expected an object') };
  const existing = typeof entity['id'] === 'string' ? store.state.get(schema.name, entity['id']) : undefined;
  return judge(schema, keepDates(entity, existing), action as 'create' | 'update' | 'upsert', { store, auto });
}

/** A change is no new beginning. */
const keepDates = (entity: JsonObject, existing: Entity | undefined): JsonObject =>
  existing === undefined || entity['created_at'] !== undefined || existing['created_at'] === undefined
    ? entity
    : { ...entity, created_at: existing['created_at'] };

function judge(
  schema: EntitySchema,
  input: JsonObject,
  action: 'create' | 'update' | 'upsert',
  { store, auto }: Pick<SpecialRequest, 'store' | 'auto'>,
): Read {
  const processed = processEntity(store.state.schemas, schema, input, { auto });
  if (!processed.ok) return { ok: false, reply: schemaViolation(processed.errors) };
  const { entity } = processed;
  for (const [name, field] of Object.entries(schema.fields)) {
    if ((field.type === 'array' || field.type === 'set') && field.children !== undefined) delete entity[name];
  }
  return { ok: true, change: { action, kind: schema.name, entity } };
}

/** The reply with the position of the change that it is about. */
function at(index: number, reply: Reply): Reply {
  return index < 0 || !isObject(reply.body) ? reply : { ...reply, body: { ...reply.body, index } };
}

function concerns(change: Change, violation: JsonObject): boolean {
  if (change.action === 'delete') return violation['id'] === change.id;
  const key = violation['key'];
  if (!isObject(key)) return false;
  const field = violation['field'];
  if (typeof field === 'string') return JSON.stringify(change.entity[field]) === JSON.stringify(key);
  return Object.entries(key).every(([name, value]) => JSON.stringify(change.entity[name]) === JSON.stringify(value));
}
