// Whether a request may be sent once more after a failed try.
import type { RequestContext } from './context.ts';
import type { UpstreamError } from './http1/upstream.ts';
import { IDEMPOTENT } from './http1/upstream-call.ts';

/** The peer did not get the request. */
const NOT_SENT: ReadonlySet<string> = new Set(['connect', 'connect_timeout', 'tls', 'refused']);

export function mayRetry({ kind }: UpstreamError, context: RequestContext): boolean {
  if (kind === 'aborted' || isBodyGone(context)) return false;
  return NOT_SENT.has(kind) || IDEMPOTENT.has(context.upstreamMethod);
}

/** Bytes of a streamed body went out: they cannot be sent again. */
const isBodyGone = ({ exchange: { body }, upstreamBody }: RequestContext): boolean =>
  upstreamBody === undefined && body.delivered;
