// Connections to upstreams that speak HTTP/2: each carries many requests at once, so a peer has one until that is full.
import { type DeadlineList, Deadlines } from '../http1/deadlines.ts';
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from '../http1/upstream.ts';
import { Http2Call } from './upstream-call.ts';
import { UpstreamSession } from './upstream-session.ts';

export interface Http2PoolOptions {
  readonly idleTimeoutMs: number;
  /** 0 is without limit. */
  readonly maxRequestsPerConnection: number;
}

export class Http2Pool {
  readonly deadlines = new Deadlines();
  readonly idleList: DeadlineList;
  readonly maxRequests: number;
  readonly #sessions = new Map<string, UpstreamSession[]>();
  #isClosed = false;

  constructor({ idleTimeoutMs, maxRequestsPerConnection }: Http2PoolOptions) {
    this.idleList = this.deadlines.list(idleTimeoutMs);
    this.maxRequests = maxRequestsPerConnection || Number.MAX_SAFE_INTEGER;
  }

  get openCount(): number {
    let count = 0;
    for (const sessions of this.#sessions.values()) count += sessions.length;
    return count;
  }

  /** Sends the request. Its upgrade is ignored: HTTP/2 has none. */
  dispatch(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const call = new Http2Call(this.deadlines, request, handler);
    const { key } = request.target;
    let sessions = this.#sessions.get(key);
    if (sessions === undefined) this.#sessions.set(key, (sessions = []));
    let session = sessions.find((one) => one.hasRoom);
    if (session === undefined) {
      session = new UpstreamSession(this, request.target);
      sessions.push(session);
    }
    session.take(call);
    return call;
  }

  /** For the sessions: it takes no more requests. */
  forget(session: UpstreamSession): void {
    const sessions = this.#sessions.get(session.key);
    const index = sessions?.indexOf(session) ?? -1;
    if (sessions === undefined || index < 0) return;
    sessions.splice(index, 1);
    if (sessions.length === 0) this.#sessions.delete(session.key);
    if (this.#isClosed && this.#sessions.size === 0) this.deadlines.close();
  }

  /** Everything ends now. */
  close(): void {
    this.#isClosed = true;
    for (const sessions of [...this.#sessions.values()]) for (const session of [...sessions]) session.destroy();
    this.deadlines.close();
  }
}
