// Connections to upstreams, kept alive and shared by key, the last one used first: then the surplus ages and goes.
import { clearDeadline, type DeadlineList, Deadlines } from './deadlines.ts';
import { createHeadParser } from './llhttp.ts';
import { ResponseHead } from './response-head.ts';
import { requestHead, type UpstreamCall, type UpstreamHandler, type UpstreamRequest } from './upstream.ts';
import { PooledCall } from './upstream-call.ts';
import { UpstreamConnection } from './upstream-connection.ts';

export interface PoolOptions {
  maxIdlePerKey?: number;
  idleTimeoutMs?: number;
  /** 0 is without limit. */
  maxRequestsPerConnection?: number;
  /** Shared with the server when given; else the pool's own. */
  deadlines?: Deadlines;
}

export class UpstreamPool {
  readonly deadlines: Deadlines;
  readonly idleList: DeadlineList;
  /** For the connections: one head at a time, read and copied. */
  readonly head: ResponseHead;
  private readonly maxIdlePerKey: number;
  private readonly maxRequests: number;
  private readonly ownsDeadlines: boolean;
  private readonly idle = new Map<string, UpstreamConnection[]>();
  private readonly open = new Set<UpstreamConnection>();
  private isClosed = false;

  constructor(options: PoolOptions = {}) {
    this.maxIdlePerKey = options.maxIdlePerKey ?? 512;
    this.maxRequests = options.maxRequestsPerConnection || Number.MAX_SAFE_INTEGER;
    this.ownsDeadlines = options.deadlines === undefined;
    this.deadlines = options.deadlines ?? new Deadlines();
    this.idleList = this.deadlines.list(options.idleTimeoutMs ?? 60_000);
    this.head = new ResponseHead(createHeadParser('response'));
  }

  get openCount(): number {
    return this.open.size;
  }

  get idleCount(): number {
    let count = 0;
    for (const connections of this.idle.values()) count += connections.length;
    return count;
  }

  /** Sends the request. Throws HeaderError, before anything is sent, when its head cannot be written. */
  dispatch(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const call = new PooledCall(request, handler, requestHead(request));
    if (request.body !== undefined && !(request.body instanceof Uint8Array)) request.body.announce();
    const connection = request.upgrade === undefined ? this.idle.get(request.target.key)?.pop() : undefined;
    if (connection === undefined) this.connect(call);
    else {
      clearDeadline(connection);
      connection.take(call);
    }
    return call;
  }

  /** No connection is kept from now on; running calls end as they would. */
  close(): void {
    this.isClosed = true;
    this.destroyIdle();
    if (this.ownsDeadlines && this.open.size === 0) this.deadlines.close();
  }

  destroyIdle(): void {
    for (const connections of [...this.idle.values()]) for (const connection of [...connections]) connection.destroy();
    this.idle.clear();
  }

  /** For the connections and calls. */
  connect(call: PooledCall): void {
    const connection = new UpstreamConnection(this, call.request.target, call);
    call.connection = connection;
    this.open.add(connection);
  }

  release(connection: UpstreamConnection): void {
    let connections = this.idle.get(connection.key);
    if (connections === undefined) {
      connections = [];
      this.idle.set(connection.key, connections);
    }
    if (this.isClosed || connections.length >= this.maxIdlePerKey || connection.requests >= this.maxRequests) {
      connection.destroy();
      return;
    }
    connections.push(connection);
    connection.waitIdle();
  }

  forget(connection: UpstreamConnection): void {
    this.open.delete(connection);
    if (this.isClosed && this.ownsDeadlines && this.open.size === 0) this.deadlines.close();
    const connections = this.idle.get(connection.key);
    if (connections === undefined) return;
    const index = connections.lastIndexOf(connection);
    if (index >= 0) connections.splice(index, 1);
    if (connections.length === 0) this.idle.delete(connection.key);
  }
}
