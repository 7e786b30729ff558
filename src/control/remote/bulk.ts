// A gateway of our own takes a whole plan in one call, all or nothing: it says so, and where, in `GET /`. References may dangle
// until its end, but a unique value must be free when it is taken: the order of the plan stays.
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { type Operation, operationsOf, type Plan } from '../plan/plan.ts';
import { type Outcome, toFailure } from '../sync/apply.ts';
import { type Connection, describeFailure, parseBody, unreachable } from './client.ts';
import { createSender, type SenderOptions } from './send.ts';
import { carriesHash, readBack, wholeBody } from './target.ts';

/** The path of the endpoint, when the gateway has one. */
export function bulkPathOf(root: JsonObject): string | undefined {
  const own = root['gwctl'];
  const path = isObject(own) ? own['bulk'] : undefined;
  return typeof path === 'string' && path.startsWith('/') ? path : undefined;
}

export interface BulkOptions extends SenderOptions {
  readonly signal: AbortSignal;
}

/** The gateway knows a pair by another id than we do, so that it cannot be told there which one is to go. */
export const fitsInBulk = (plan: Plan, schemas: SchemaSet): boolean =>
  operationsOf(plan).every((operation) => {
    const schema = schemaOf(schemas, operation.kind);
    // Half an entity cannot be sent there either.
    if (operation.action === 'update') return !carriesHash(schema.fields, operation);
    return operation.action !== 'delete' || schema.deck?.link === undefined;
  });

/** At least this long: the gateway works on everything before it answers. */
const MIN_TIMEOUT_MS = 120_000;

export async function applyInBulk(
  plan: Plan,
  connection: Connection,
  schemas: SchemaSet,
  path: string,
  options: BulkOptions,
): Promise<Outcome> {
  const operations = operationsOf(plan);
  const changes = toChanges(schemas, operations);
  const timeoutMs = Math.max(connection.timeoutMs, MIN_TIMEOUT_MS);
  const sender = await createSender(connection, { ...options, connections: 1, timeoutMs });
  try {
    const body = JSON.stringify({ changes: changes.map(({ change }) => change) });
    const answer = await sender.send({ method: 'POST', path, body }, options.signal);
    if (answer.kind === 'answer' && answer.status < 300 && parseBody(answer.text) !== undefined) return all(operations);
    if (answer.kind === 'answer' && answer.status >= 300) {
      const error = describeFailure('POST', path, answer.status, answer.text);
      const index = parseBody(answer.text)?.['index'];
      const blamed = typeof index === 'number' ? changes[index]?.operation : undefined;
      return none(operations, blamed ?? operations[0]!, error);
    }
    const error = answer.kind === 'fault' ? unreachable(connection, answer.error) : garbage(path);
    // All or nothing: one entity tells of all of them.
    const [sample] = changes;
    const applied = await readBack(sender, schemas, sample!.operation, options.signal);
    return applied === 'yes' ? all(operations) : none(operations, sample!.operation, error, applied);
  } finally {
    await sender.close();
  }
}

const garbage = (path: string): GwctlError =>
  new GwctlError('E_REMOTE', `POST ${path} answered something that is no JSON object`);

interface BulkChange {
  readonly change: Json;
  readonly operation: Operation;
}

function toChanges(schemas: SchemaSet, operations: readonly Operation[]): BulkChange[] {
  return operations.map((operation): BulkChange => {
    const { kind, action } = operation;
    if (action === 'delete') return { change: { action, kind, id: operation.before.id }, operation };
    const isLink = schemaOf(schemas, kind).deck?.link !== undefined;
    const { after } = operation;
    const entity = isLink ? withoutNulls(after) : { ...wholeBody(schemas, operation), id: after.id };
    return { change: { action: 'upsert', kind, entity }, operation };
  });
}

const withoutNulls = (entity: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(entity).filter(([, value]) => value !== null));

const all = (operations: readonly Operation[]): Outcome => ({
  done: operations,
  failed: [],
  notDone: [],
  isInterrupted: false,
});

function none(
  operations: readonly Operation[],
  blamed: Operation,
  error: Error,
  applied: 'no' | 'unknown' = 'no',
): Outcome {
  const failure = toFailure(blamed, error);
  return {
    done: [],
    failed: [applied === 'unknown' ? { ...failure, isUnknown: true } : failure],
    notDone: operations.filter((operation) => operation !== blamed),
    isInterrupted: false,
  };
}
