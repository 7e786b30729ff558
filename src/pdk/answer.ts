// What a handler returns to answer the client itself. `exit` sends a body as it is; `error` sends the gateway's error
// template in the format that the client accepts; `replay` repeats an answer of the upstream. Returning one ends the phase;
// later phases still run.
import type { JsonObject } from '../lib/json.ts';
import type { HeaderValue } from './exchange.ts';

export interface Answer {
  readonly kind: 'exit' | 'error' | 'replay';
  readonly status: number;
  /** exit: an object is sent as JSON, text and bytes as they are. error: the message. */
  readonly body: JsonObject | string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
  /** replay: of the body that an answer to HEAD tells of and does not have. */
  readonly length?: number | undefined;
}

type AnswerHeaders = Answer['headers'];
const NO_HEADERS: AnswerHeaders = {};

/** Answers with this body; an object becomes compact JSON. */
export const exit = (
  status: number,
  body?: JsonObject | string | Uint8Array,
  headers: AnswerHeaders = NO_HEADERS,
): Answer => ({ kind: 'exit', status, body, headers });

/** As an upstream answered before: with the headers that the gateway adds to a proxied answer. */
export const replay = (
  status: number,
  body: Uint8Array,
  headers: AnswerHeaders,
  length: number | undefined,
): Answer => ({ kind: 'replay', status, body, headers, length });

/** Answers with the error template (`{"message", "request_id"}` for JSON); without a message the standard text. */
export const error = (status: number, message?: string, headers: AnswerHeaders = NO_HEADERS): Answer => ({
  kind: 'error',
  status,
  body: message,
  headers,
});
