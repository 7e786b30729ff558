// Writes to the Admin API: a pool of kept-alive connections, and patience. A fault that may pass is tried again after
// growing random pauses; a gateway that names a time is left alone by all connections until then; a refusal is final.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, requestHeaders, workspacePrefix } from './client.ts';
import { createGate } from './gate.ts';

export interface WriteRequest {
  readonly method: 'PUT' | 'POST' | 'PATCH' | 'DELETE' | 'GET';
  /** Below the workspace. */
  readonly path: string;
  readonly body: string | null;
}

export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** No answer: whether the gateway did it is not known. */
  | { readonly kind: 'fault'; readonly error: unknown };

export interface Sender {
  /** The last answer, once it is good, final, or all attempts are used up. `signal` ends waiting between attempts only. */
  send(request: WriteRequest, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly connections: number;
  readonly attempts?: number | undefined;
  /** The longest pause before the second attempt; each further one doubles it. */
  readonly firstPauseMs?: number | undefined;
  /** Longer than usual for calls that carry much. */
  readonly timeoutMs?: number | undefined;
  readonly onTrace?: ((line: string) => void) | undefined;
}

const MAX_PAUSE_MS = 10_000;
const MAX_RETRY_AFTER_MS = 60_000;
const TOO_MUCH: ReadonlySet<number> = new Set([429, 503]);
const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

export async function createSender(connection: Connection, options: SenderOptions): Promise<Sender> {
  const { Pool } = await import('undici');
  const base = new URL(connection.address);
  const timeoutMs = options.timeoutMs ?? connection.timeoutMs;
  const pool = new Pool(base.origin, {
    connections: options.connections,
    connect: { ...connection.tls, timeout: connection.timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const prefix = base.pathname.replace(/\/$/, '') + workspacePrefix(connection);
  const attempts = options.attempts ?? 5;
  const firstPause = options.firstPauseMs ?? 200;
  /** Nobody asks before. */
  let notBefore = 0;

  const gate = createGate(options.connections);

  const once = async ({ method, path, body }: WriteRequest): Promise<Answer & { retryAfterMs?: number }> => {
    const headers = { ...requestHeaders(connection), ...(body === null ? {} : { 'content-type': 'application/json' }) };
    try {
      const response = await pool.request({ method, path: prefix + path, headers, body });
      const text = await response.body.text();
      const retryAfterMs = parseRetryAfter(response.headers['retry-after']);
      return {
        kind: 'answer',
        status: response.statusCode,
        text,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    } catch (error) {
      return { kind: 'fault', error };
    }
  };

  return {
    async send(request, signal) {
      for (let attempt = 1; ; attempt++) {
        await gate.enter();
        const wait = notBefore - Date.now();
        if (wait > 0) await pause(wait, signal);
        const answer = await once(request);
        gate.leave(answer.kind === 'answer' && TOO_MUCH.has(answer.status) ? 'too-much' : 'good');
        const outcome = answer.kind === 'answer' ? answer.status : 'failed';
        options.onTrace?.(`${request.method} ${request.path} ${outcome} attempt ${attempt}`);
        const isFinal = answer.kind === 'answer' && !RETRIED.has(answer.status);
        if (isFinal || attempt >= attempts || signal.aborted) return answer;
        if (answer.retryAfterMs !== undefined) {
          notBefore = Math.max(notBefore, Date.now() + answer.retryAfterMs);
          continue;
        }
        // An interruption ends the pause; one more attempt follows, so that the outcome is known.
        await pause(Math.random() * Math.min(firstPause * 2 ** (attempt - 1), MAX_PAUSE_MS), signal);
      }
    },
    close: () => pool.close(),
  };
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal }).catch(() => undefined);

/** Seconds, or a date. */
export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text.trim() === '') return undefined;
  const seconds = Number(text);
  const wanted = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wanted) && wanted > 0 ? Math.min(wanted, MAX_RETRY_AFTER_MS) : undefined;
}
