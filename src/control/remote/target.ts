// Where a plan is applied: one call of the Admin API an operation, through a pool of kept-alive connections. A fault that
// may pass is tried again with growing random pauses; a refusal is final. PUT and DELETE by id may be repeated safely.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Field, Fields } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import type { Operation } from '../plan/plan.ts';
import type { Target } from '../sync/apply.ts';
import { type Connection, describeFailure, requestHeaders, unreachable, workspacePrefix } from './client.ts';
import { entityPath } from './paths.ts';

export interface RemoteTarget extends Target {
  close(): Promise<void>;
}

export interface TargetOptions {
  readonly connections: number;
  readonly attempts?: number;
  /** The longest pause before the second attempt; each further one doubles it. */
  readonly firstPauseMs?: number;
  readonly onTrace?: ((line: string) => void) | undefined;
}

const MAX_PAUSE_MS = 10_000;
const MAX_RETRY_AFTER_MS = 60_000;
const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

export async function createTarget(
  connection: Connection,
  schemas: SchemaSet,
  options: TargetOptions,
): Promise<RemoteTarget> {
  const { Pool } = await import('undici');
  const base = new URL(connection.address);
  const pool = new Pool(base.origin, {
    connections: options.connections,
    connect: { ...connection.tls, timeout: connection.timeoutMs },
    headersTimeout: connection.timeoutMs,
    bodyTimeout: connection.timeoutMs,
  });
  const prefix = base.pathname.replace(/\/$/, '') + workspacePrefix(connection);
  const attempts = options.attempts ?? 5;
  const firstPause = options.firstPauseMs ?? 200;

  return {
    async write(operation, signal) {
      const { method, path, body } = requestFor(schemas, operation);
      for (let attempt = 1; ; attempt++) {
        const outcome = await send(pool, connection, method, prefix + path, body);
        options.onTrace?.(
          `${method} ${path} ${outcome.kind === 'answer' ? outcome.status : 'failed'} attempt ${attempt}`,
        );
        if (outcome.kind === 'answer' && isSuccess(operation, outcome.status)) return;
        const isFinal =
          attempt >= attempts || signal.aborted || (outcome.kind === 'answer' && !RETRIED.has(outcome.status));
        if (isFinal) {
          throw outcome.kind === 'answer'
            ? describeFailure(method, path, outcome.status, outcome.text)
            : unreachable(connection, outcome.error);
        }
        const told = outcome.kind === 'answer' ? outcome.retryAfterMs : undefined;
        const pause = told ?? Math.random() * Math.min(firstPause * 2 ** (attempt - 1), MAX_PAUSE_MS);
        // An interruption ends the pause; the loop then makes its last attempt, so that the outcome is known.
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    },
    close: () => pool.close(),
  };
}

/** Gone is what a delete wants. */
const isSuccess = (operation: Operation, status: number): boolean =>
  (status >= 200 && status < 300) || (operation.action === 'delete' && status === 404);

type Outcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly text: string;
      readonly retryAfterMs: number | undefined;
    }
  | { readonly kind: 'fault'; readonly error: unknown };

async function send(
  pool: Pool,
  connection: Connection,
  method: 'PUT' | 'DELETE',
  path: string,
  body: string | null,
): Promise<Outcome> {
  const headers = { ...requestHeaders(connection), ...(body === null ? {} : { 'content-type': 'application/json' }) };
  try {
    const response = await pool.request({ method, path, headers, body });
    const text = await response.body.text();
    const seconds = Number(response.headers['retry-after']);
    const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : undefined;
    return { kind: 'answer', status: response.statusCode, text, retryAfterMs };
  } catch (error) {
    return { kind: 'fault', error };
  }
}

export function requestFor(
  schemas: SchemaSet,
  operation: Operation,
): { method: 'PUT' | 'DELETE'; path: string; body: string | null } {
  const schema = schemaOf(schemas, operation.kind);
  if (operation.action === 'delete') {
    return { method: 'DELETE', path: entityPath(schemas, schema, operation.before), body: null };
  }
  const chosen = chooseSubschema(schemas, schema, operation.after);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  const body = toBody(fields, operation.after);
  delete body['updated_at'];
  if (operation.action === 'create') delete body['created_at'];
  if (operation.after['ttl'] !== undefined) body['ttl'] = operation.after['ttl'];
  return { method: 'PUT', path: entityPath(schemas, schema, operation.after), body: JSON.stringify(body) };
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
