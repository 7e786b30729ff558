// One HTTP/2 connection to an upstream and the requests on it. It takes requests while it is still being opened; they are
// sent, or fail together, when that is decided.
import { type ClientHttp2Session, connect } from 'node:http2';
import * as net from 'node:net';
import type * as tls from 'node:tls';
import { clearDeadline, Expiring } from '../http1/deadlines.ts';
import type { UpstreamFault, UpstreamTarget } from '../http1/upstream.ts';
import { connectTls, isChainTooLong } from '../http1/upstream-socket.ts';
import type { Http2Call } from './upstream-call.ts';
import type { Http2Pool } from './upstream-pool.ts';

/** Until the upstream has said how many it takes at once. */
const ASSUMED_STREAMS = 100;
const SESSION = {
  maxSessionMemory: 64,
  settings: { enablePush: false, initialWindowSize: 1_048_576, maxHeaderListSize: 65_536 },
} as const;

export class UpstreamSession extends Expiring {
  readonly key: string;
  readonly #pool: Http2Pool;
  readonly #socket: net.Socket;
  readonly #scheme: 'http' | 'https';
  #session: ClientHttp2Session | undefined = undefined;
  readonly #calls = new Set<Http2Call>();
  #requests = 0;
  #isLeaving = false;
  #tcpConnected = false;
  #cause: Error | undefined = undefined;

  constructor(pool: Http2Pool, target: UpstreamTarget) {
    super();
    this.#pool = pool;
    this.key = target.key;
    this.#scheme = target.tls === undefined ? 'http' : 'https';
    this.#socket = this.#open(target);
    this.#socket.on('error', (error) => {
      this.#cause = error;
    });
    this.#socket.on('close', () => this.#lost());
  }

  get hasRoom(): boolean {
    if (this.#isLeaving) return false;
    const limit = this.#session?.remoteSettings?.maxConcurrentStreams ?? ASSUMED_STREAMS;
    return this.#calls.size < limit;
  }

  get address(): string | undefined {
    return this.#socket.remoteAddress;
  }

  take(call: Http2Call): void {
    clearDeadline(this);
    this.#calls.add(call);
    this.#requests++;
    if (this.#requests >= this.#pool.maxRequests) this.#leave();
    call.session = this;
    if (this.#session === undefined) call.waitForConnection();
    else call.start(this.#session, this.#scheme, this.#requests > 1);
  }

  /** For the calls: one is over. */
  release(call: Http2Call): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0) return;
    if (this.#isLeaving) this.#session?.close();
    else if (this.#session === undefined) this.destroy();
    else this.#pool.idleList.add(this);
  }

  override onDeadline(): void {
    this.destroy();
  }

  destroy(): void {
    this.#leave();
    clearDeadline(this);
    this.#session?.destroy();
    this.#socket.destroy();
  }

  #open(target: UpstreamTarget): net.Socket {
    const { tls: secured } = target;
    if (secured === undefined) {
      const socket = net.connect({ host: target.host, port: target.port, noDelay: true });
      socket.once('connect', () => this.#opened());
      return socket;
    }
    const socket: tls.TLSSocket = connectTls(target, secured, 'h2');
    socket.once('connect', () => {
      this.#tcpConnected = true;
    });
    socket.once('secureConnect', () => {
      if (isChainTooLong(socket, secured)) this.#refuse('the chain of certificates is too long');
      else if (socket.alpnProtocol !== 'h2') this.#refuse('the upstream does not speak HTTP/2');
      else this.#opened();
    });
    return socket;
  }

  #refuse(reason: string): void {
    this.#cause = new Error(reason);
    this.#socket.destroy();
  }

  #opened(): void {
    // The name means nothing here: each request brings its own authority.
    const session = connect(`${this.#scheme}://upstream`, { ...SESSION, createConnection: () => this.#socket });
    this.#session = session;
    session.on('error', (error) => {
      this.#cause ??= error;
    });
    session.on('goaway', () => this.#leave());
    session.on('close', () => this.#leave());
    for (const call of [...this.#calls]) call.start(session, this.#scheme, false);
  }

  /** Takes nothing more. */
  #leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#pool.forget(this);
  }

  #lost(): void {
    this.#leave();
    clearDeadline(this);
    const kind: UpstreamFault = this.#session !== undefined ? 'reset' : this.#tcpConnected ? 'tls' : 'connect';
    const message = this.#cause?.message ?? 'the upstream closed the connection';
    for (const call of [...this.#calls]) call.fail(kind, message, this.#cause);
  }
}
