// Text over TCP or TLS for plugins: one connection a target, opened by the first text and closed after a time without any.
// Nothing is sent again: what was under way when a connection broke is lost, and its senders are told.
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TcpTarget } from '../../../pdk/network.ts';
import { lookupWith, type Resolve } from './lookup.ts';

/** Given to one connection and not yet written. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

class TcpConnection {
  readonly #target: TcpTarget;
  readonly #socket: Socket;
  readonly #waiting = new Set<Waiting>();
  #pendingBytes = 0;
  #error: Error | undefined = undefined;
  #isOpen = false;

  constructor(target: TcpTarget, lookup: LookupFunction, onClosed: () => void) {
    this.#target = target;
    this.#socket = open(target, lookup);
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(target.timeoutMs, () => this.#onTimeout());
    this.#socket.on('error', (error) => {
      this.#error ??= error;
    });
    this.#socket.on('close', () => {
      onClosed();
      for (const { reject } of this.#waiting) reject(this.#failure());
      this.#waiting.clear();
    });
    this.#socket.on(target.tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#isOpen = true;
    });
    // Whatever the receiver says, nobody reads it; unread it would hide that the connection ended.
    this.#socket.resume();
  }

  get isUsable(): boolean {
    return this.#socket.writable;
  }

  write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    if (this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      return Promise.reject(new Error('the receiver does not keep up'));
    }
    this.#pendingBytes += bytes.length;
    if (this.#waiting.size === 0) this.#socket.setTimeout(this.#target.timeoutMs);
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      this.#socket.write(bytes, (error) => {
        this.#pendingBytes -= bytes.length;
        // Why it failed is known when the connection is closed.
        if (error !== null && error !== undefined) return;
        this.#waiting.delete(waiting);
        if (this.#waiting.size === 0) this.#socket.setTimeout(this.#target.keepAliveMs);
        resolve();
      });
    });
  }

  #failure(): Error {
    const what = this.#isOpen ? 'failed to send data to' : 'failed to connect to';
    const cause = this.#error?.message ?? 'the connection was closed';
    return new Error(`${what} ${this.#target.host}:${this.#target.port}: ${cause}`);
  }

  /** Ends after what was written so far. */
  end(): void {
    this.#socket.end();
    this.#socket.setTimeout(this.#target.timeoutMs);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onTimeout(): void {
    if (this.#waiting.size > 0) this.#socket.destroy(new Error('timeout'));
    else this.#socket.destroy();
  }
}

function open({ host, port, tls }: TcpTarget, lookup: LookupFunction): Socket {
  if (tls === undefined) return connectTcp({ host, port, lookup });
  const serverName = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  return connectTls({
    host,
    port,
    lookup,
    rejectUnauthorized: false,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

export class TcpSender {
  readonly #lookup: LookupFunction;
  readonly #connections = new Map<string, TcpConnection>();
  #isClosed = false;

  constructor(resolve: Resolve) {
    this.#lookup = lookupWith(resolve);
  }

  send(target: TcpTarget, text: string): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the gateway has ended'));
    const key = JSON.stringify(target);
    let connection = this.#connections.get(key);
    if (connection?.isUsable !== true) {
      const made = new TcpConnection(target, this.#lookup, () => {
        if (this.#connections.get(key) === made) this.#connections.delete(key);
      });
      this.#connections.set(key, made);
      connection = made;
    }
    return connection.write(text);
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) connection.destroy();
    this.#connections.clear();
  }
}
