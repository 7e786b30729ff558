// What a handler returns to answer the client itself. `exit` sends a body as it is; `error` sends the gateway's error
// template in the format that the client accepts. Returning one ends the phase; later phases still run.
import type { JsonObject } from '../lib/json.ts';

export interface Answer {
  readonly kind: 'exit' | 'error';
  readonly status: number;
  /** exit: an object is sent as JSON, text and bytes as they are. error: the message. */
  readonly body: JsonObject | string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

type AnswerHeaders = Answer['headers'];
const NO_HEADERS: AnswerHeaders = {};

/** Answers with this body; an object becomes compact JSON. */
export const exit = (
  status: number,
  body?: JsonObject | string | Uint8Array,
  headers: AnswerHeaders = NO_HEADERS,
): Answer => ({ kind: 'exit', status, body, headers });

/** Answers with the error template (`{"message", "request_id"}` for JSON); without a message the standard text. */
export const error = (status: number, message?: string, headers: AnswerHeaders = NO_HEADERS): Answer => ({
  kind: 'error',
  status,
  body: message,
  headers,
});
