// Where a plan is applied: one call of the Admin API an operation. PUT and DELETE by id may be repeated safely, so a fault is
// tried again; when no answer ever comes, the entity is read back, and only if that fails too its fate is unknown.
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { judgeHashes } from '../../schema/compare.ts';
import type { EntitySchema, Field, Fields, LinkForm } from '../../schema/define.ts';
import { withoutOverlaid } from '../../schema/overlay.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import { isSameEntity } from '../plan/equal.ts';
import type { Operation } from '../plan/plan.ts';
import { type Target, UnknownOutcome } from '../sync/apply.ts';
import { type Connection, describeFailure, parseBody, unreachable } from './client.ts';
import { entityIn, toNormalForm } from './normal-form.ts';
import { entityPath, linksPath } from './paths.ts';
import { type Answer, createSender, type Sender, type SenderOptions, type WriteRequest } from './send.ts';

export interface RemoteTarget extends Target {
  close(): Promise<void>;
}

export async function createTarget(
  connection: Connection,
  schemas: SchemaSet,
  options: SenderOptions,
): Promise<RemoteTarget> {
  const sender = await createSender(connection, options);
  return {
    async write(operation, signal) {
      const request = requestFor(schemas, operation);
      const answer = await sender.send(request, signal);
      if (answer.kind === 'answer') {
        const { status, text } = answer;
        if (isDone(schemaOf(schemas, operation.kind), request, answer)) return;
        // A name that is taken may be our own: an earlier attempt was done, and its answer got lost.
        const mayBeOurs = request.method === 'POST' && status === 409;
        const isOurs = mayBeOurs && (await readBack(sender, schemas, operation, signal)) === 'yes';
        if (isOurs) return;
        // A refusal is final. Whatever stands between may answer 5xx although the gateway did it.
        if (status >= 300 && status < 500) throw describeFailure(request.method, request.path, status, text);
      }
      const applied = await readBack(sender, schemas, operation, signal);
      if (applied === 'yes') return;
      const error = explain(connection, request, answer);
      throw applied === 'no' ? error : new UnknownOutcome(error);
    },
    close: () => sender.close(),
  };
}

function explain(connection: Connection, { method, path }: WriteRequest, answer: Answer): GwctlError {
  if (answer.kind === 'fault') return unreachable(connection, answer.error);
  if (answer.status >= 300) return describeFailure(method, path, answer.status, answer.text);
  return new GwctlError('E_REMOTE', `${method} ${path} answered something that is no JSON object`);
}

/** Gone is what a delete wants; a pair that is there already is what its creation wants. */
function isDone(
  { deck }: EntitySchema,
  { method }: WriteRequest,
  { status, text }: Extract<Answer, { kind: 'answer' }>,
): boolean {
  if (method === 'DELETE' && status === 404) return true;
  if (method === 'POST' && status === 409 && deck?.link !== undefined) return true;
  return status === 204 || (status >= 200 && status < 300 && parseBody(text) !== undefined);
}

/** Is the gateway as the operation wanted it? */
export async function readBack(
  sender: Sender,
  schemas: SchemaSet,
  operation: Operation,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'unknown'> {
  const schema = schemaOf(schemas, operation.kind);
  const entity = operation.action === 'delete' ? operation.before : operation.after;
  // A pair cannot be read; writing it once more is harmless, and answers.
  if (schema.deck?.link !== undefined) return 'unknown';
  const answer = await sender.send({ method: 'GET', path: entityPath(schemas, schema, entity), body: null }, signal);
  if (answer.kind === 'fault') return 'unknown';
  if (answer.status === 404) return operation.action === 'delete' ? 'yes' : 'no';
  const body = answer.status === 200 ? parseBody(answer.text) : undefined;
  if (body === undefined) return 'unknown';
  if (operation.action === 'delete') return 'no';
  const chosen = chooseSubschema(schemas, schema, entity);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  const wanted = withoutOverlaid(schema.overlay, entity);
  const found = withoutOverlaid(schema.overlay, toNormalForm(schemas, schema, entityIn(body, entity.id)));
  const isSame = isSameEntity(fields, found, wanted) && judgeHashes(fields, found, wanted).changed.length === 0;
  return isSame ? 'yes' : 'no';
}

/** A pair is made by naming one side below the other. */
function linkRequest(schemas: SchemaSet, operation: Operation, link: LinkForm): WriteRequest {
  const schema = schemaOf(schemas, operation.kind);
  const entity = operation.action === 'delete' ? operation.before : operation.after;
  const collection = linksPath(schemas, schema, link, idOf(entity[link.under]));
  const to = idOf(entity[link.to]);
  return operation.action === 'delete'
    ? { method: 'DELETE', path: `${collection}/${to}`, body: null }
    : { method: 'POST', path: collection, body: JSON.stringify({ [link.to]: to }) };
}

const idOf = (reference: Json | undefined): string => (isObject(reference) ? String(reference['id']) : '');

export function requestFor(schemas: SchemaSet, operation: Operation): WriteRequest {
  const schema = schemaOf(schemas, operation.kind);
  const link = schema.deck?.link;
  if (link !== undefined) return linkRequest(schemas, operation, link);
  if (operation.action === 'delete') {
    return { method: 'DELETE', path: entityPath(schemas, schema, operation.before), body: null };
  }
  const path = entityPath(schemas, schema, operation.after);
  const chosen = chooseSubschema(schemas, schema, operation.after);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  // Where PUT changes what is there, it would keep what is no longer named.
  if (operation.action === 'update' && (schema.put === 'update' || carriesHash(fields, operation))) {
    return { method: 'PATCH', path, body: changedFields(operation) };
  }
  const body = wholeBody(schemas, operation);
  if (operation.action === 'create' && schema.put === 'update') {
    return {
      method: 'POST',
      path: path.replace(/\/[^/]*$/, ''),
      body: JSON.stringify({ ...body, id: operation.after.id }),
    };
  }
  return { method: 'PUT', path, body: JSON.stringify(body) };
}

/** All of an entity, as PUT and bulk writes take it. */
export function wholeBody(
  schemas: SchemaSet,
  { kind, action, after }: Exclude<Operation, { action: 'delete' }>,
): JsonObject {
  const schema = schemaOf(schemas, kind);
  const chosen = chooseSubschema(schemas, schema, after);
  const body = toBody(schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined), after);
  delete body['updated_at'];
  if (action === 'create') delete body['created_at'];
  if (after['ttl'] !== undefined) body['ttl'] = after['ttl'];
  return body;
}

/**
 * A file that was dumped has the hash where a secret stood. Written as a whole it would be hashed once more, and nobody could
 * log in: only the fields that differ are sent. The same holds where nobody can tell what a hash was made from.
 */
export function carriesHash(fields: Fields, { before, after }: Operation & { action: 'update' }): boolean {
  const isKept = (name: string): boolean => typeof after[name] === 'string' && after[name] === before[name];
  const hashed = Object.keys(fields).filter((name) => fields[name]!.hashed !== undefined);
  return hashed.some(isKept) || judgeHashes(fields, before, after).unclear.length > 0;
}

function changedFields({ after, changes }: Operation & { action: 'update' }): string {
  const names = new Set(changes.map(({ path }) => path[0]!));
  return JSON.stringify(Object.fromEntries([...names].map((name) => [name, after[name] ?? null])));
}

/** The whole entity without what the gateway computes and without nulls that an absent field would become anyway. */
function toBody(fields: Fields, value: JsonObject): JsonObject {
  const body: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const item = value[name];
    if (item === undefined || field.transient === true || field.computed === true) continue;
    if (item === null && becomesNull(field)) continue;
    body[name] = toBodyValue(field, item);
  }
  return body;
}

const becomesNull = (field: Field): boolean =>
  (field.default === undefined || field.default === null) && field.auto !== true && field.required !== true;

function toBodyValue(field: Field, value: Json): Json {
  if (field.type === 'record' && isObject(value)) return field.abstract === true ? value : toBody(field.fields, value);
  if ((field.type === 'array' || field.type === 'set') && Array.isArray(value)) {
    return value.map((item) => toBodyValue(field.elements, item));
  }
  return value;
}
