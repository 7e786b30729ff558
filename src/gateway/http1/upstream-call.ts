// One request on its way to an upstream. It survives its connection: a request that found a kept-alive connection closed under
// it before the first answer byte goes once more over a fresh one, if it may be repeated.
import type { RequestBody } from './request-body.ts';
import {
  streamedBody,
  type UpstreamCall,
  UpstreamError,
  type UpstreamFault,
  type UpstreamHandler,
  type UpstreamRequest,
} from './upstream.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** RFC 9110 section 9.2.2. */
export const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export class PooledCall implements UpstreamCall {
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
  /** The head as text, made before anything is connected so that a bad header costs no connection. */
  readonly head: string;
  /** The body, if it is to be sent piece by piece: that decided on the framing. */
  readonly streamedBody: RequestBody | undefined;
  connection: UpstreamConnection | undefined = undefined;
  requestSent = false;
  headSeen = false;
  finished = false;
  hasRetried = false;

  constructor(request: UpstreamRequest, handler: UpstreamHandler, head: string) {
    this.request = request;
    this.handler = handler;
    this.head = head;
    this.streamedBody = streamedBody(request.body);
  }

  get address(): string | undefined {
    return this.connection?.address;
  }

  get mayRepeat(): boolean {
    const { body } = this.request;
    return (
      !this.hasRetried &&
      !this.headSeen &&
      IDEMPOTENT.has(this.request.method) &&
      (body === undefined || body instanceof Uint8Array || body.replayable)
    );
  }

  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(): void {
    if (this.finished) return;
    this.finished = true;
    const { connection } = this;
    this.connection = undefined;
    connection?.drop();
  }

  fail(kind: UpstreamFault, message: string, cause?: unknown): void {
    if (this.finished) return;
    this.finished = true;
    this.connection = undefined;
    this.handler.onError(new UpstreamError(kind, message, this.requestSent, this.headSeen, cause));
  }
}
