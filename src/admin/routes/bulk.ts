// `/-/apply`: many changes as one. All of them are judged, then all are kept or none; requests see either the configuration
// before or the one after. Clients find the path in the answer to `GET /`.
import { resultInSlices } from '../../gateway/slices.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity, EntitySchema } from '../../schema/define.ts';
import type { ReadEntity } from '../../schema/overlay.ts';
import { processEntity } from '../../schema/validate.ts';
import { judgeLifetime, startLifetime } from '../../state/expiry.ts';
import type { Change, State } from '../../state/state.ts';
import {
  invalidOptions,
  message,
  ok,
  type Reply,
  referencedByOthers,
  schemaViolation,
  unsupportedText,
  violationReply,
} from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const BULK_PATH = '/-/apply';
const MAX_CHANGES = 1_000_000;
/** So many are judged in less time than a request would notice. */
const FEW_CHANGES = 100;
const SLICE_MS = 1;
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
  const steps = readAll({ state: store.state, auto: request.auto }, given);
  const all = await (given.length > FEW_CHANGES ? resultInSlices(steps, SLICE_MS) : atOnce(steps));
  if (!all.ok) return all.reply;
  const { changes } = all;
  const kept = changes.filter((change) => !isDoneAlready(change, store.state));
  if (kept.length === 0) return ok({ applied: 0 });
  let refused: { change: Change; reply: Reply } | undefined;
  const committed = await store.commit((latest) => {
    refused = findUnrelated(latest, kept);
    return refused === undefined ? kept : [];
  });
  if (refused !== undefined) return at(changes.indexOf(refused.change), refused.reply);
  if (committed.ok) return ok({ applied: kept.length });
  const { error } = committed;
  const index = changes.findIndex((change) => change.kind === error.kind && concerns(change, error as JsonObject));
  return at(index, violationReply(error));
}

/** What changes are judged by: the configuration as it was when they came. */
interface Judging {
  readonly state: State;
  readonly auto: SpecialRequest['auto'];
}

type ReadAll =
  | { readonly ok: true; readonly changes: readonly Change[] }
  | { readonly ok: false; readonly reply: Reply };

/** One change in each step, for very many take their time. */
function* readAll(by: Judging, given: readonly Json[]): Generator<void, ReadAll> {
  const changes: Change[] = [];
  const linked = yield* readLinked(by, given);
  for (const [index, item] of given.entries()) {
    const read = readChange(by, item, linked);
    if (!read.ok) return { ok: false, reply: at(index, read.reply) };
    changes.push(read.change);
    yield;
  }
  return { ok: true, changes };
}

function atOnce<T>(steps: Generator<void, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** What is to be removed and is not there is no change, as with single calls. */
const isDoneAlready = (change: Change, state: State): boolean =>
  change.action === 'delete' && state.get(change.kind, change.id) === undefined;

/** What others take values from, as it will be: from among the changes, else as it is. */
function* readLinked({ state, auto }: Judging, items: readonly Json[]): Generator<void, ReadEntity> {
  const { schemas } = state;
  const sources = new Set([...schemas.entities.values()].flatMap(({ overlay }) => overlay?.entity ?? []));
  const changed = new Map<string, Entity | undefined>();
  for (const item of items) {
    if (!isObject(item) || typeof item['kind'] !== 'string' || !sources.has(item['kind'])) continue;
    const { action, kind, entity, id } = item;
    if (action === 'delete') changed.set(`${kind}/${String(id).toLowerCase()}`, undefined);
    if (!isObject(entity) || typeof entity['id'] !== 'string') continue;
    const processed = processEntity(schemas, schemas.entities.get(kind)!, entity, { auto });
    // What is wrong with it is told in its turn.
    if (processed.ok) changed.set(`${kind}/${processed.entity.id}`, processed.entity);
    yield;
  }
  return (kind, id) => (changed.has(`${kind}/${id}`) ? changed.get(`${kind}/${id}`) : state.get(kind, id));
}

/** The rules between entities, judged when all is done: the first change that breaks one. */
function findUnrelated(state: State, changes: readonly Change[]): { change: Change; reply: Reply } | undefined {
  if (!changes.some((change) => hasRule(state, change))) return undefined;
  const next = state.with(changes);
  // A clash is found again, and told, by the commit.
  if (!next.ok) return undefined;
  for (const change of changes) {
    const schema = state.schemas.entities.get(change.kind)!;
    if (change.action === 'delete') {
      const entity = schema.remove_check === undefined ? undefined : state.get(change.kind, change.id);
      const user = entity === undefined ? undefined : schema.remove_check?.(entity, next.value);
      if (user !== undefined) return { change, reply: referencedByOthers(user) };
    } else {
      const wrong = schema.relation_check?.(change.entity, next.value);
      if (wrong !== undefined) return { change, reply: schemaViolation(wrong) };
    }
  }
  return undefined;
}

/** To make a state of very many changes takes its time. */
function hasRule({ schemas }: State, { kind, action }: Change): boolean {
  const { remove_check, relation_check } = schemas.entities.get(kind)!;
  return (action === 'delete' ? remove_check : relation_check) !== undefined;
}

function readChange({ state, auto }: Judging, item: Json, linked: ReadEntity): Read {
  if (!isObject(item)) return { ok: false, reply: message(400, 'expected an object') };
  const { action, kind, entity, id } = item;
  if (typeof action !== 'string' || !ACTIONS.has(action)) {
    return { ok: false, reply: message(400, 'action: expected one of: create, update, upsert, delete') };
  }
  const schema = typeof kind === 'string' ? state.schemas.entities.get(kind) : undefined;
  if (schema === undefined) return { ok: false, reply: message(400, `kind: no entity named '${String(kind)}'`) };
  if (action === 'delete') {
    if (typeof id !== 'string') return { ok: false, reply: message(400, 'id: expected a string') };
    return { ok: true, change: { action, kind: schema.name, id: id.toLowerCase() } };
  }
  if (!isObject(entity)) return { ok: false, reply: message(400, 'entity: expected an object') };
  const existing = typeof entity['id'] === 'string' ? state.get(schema.name, entity['id'].toLowerCase()) : undefined;
  return judge(schema, keepDates(entity, existing), action as 'create' | 'update' | 'upsert', { state, auto }, linked);
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
  { state, auto }: Judging,
  read: ReadEntity,
): Read {
  const wrongTtl = judgeLifetime(schema, input);
  if (wrongTtl !== undefined) return { ok: false, reply: invalidOptions({ ttl: wrongTtl }) };
  const early = schema.before_write?.(input);
  if (early !== undefined) return { ok: false, reply: schemaViolation(early) };
  const processed = processEntity(state.schemas, schema, input, { auto, read });
  if (!processed.ok) return { ok: false, reply: schemaViolation(processed.errors) };
  const { entity } = processed;
  startLifetime(schema, input, entity, auto.now());
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
