// One connection to an LDAP server, used for one bind after another. The sockets are made here and watched, because a
// connection that broke must never be replaced behind our back: the next password would go out without TLS.
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Client, ResultCodeError } from 'ldapts';

export interface LdapServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'from-start' | 'start-tls';
  readonly verify: boolean;
  readonly timeoutMs: number;
  readonly lookup: LookupFunction;
}

/** What the server said: 0 is success. */
export interface BindResult {
  readonly code: number;
}

const SUCCESS: BindResult = { code: 0 };

/** Loaded with the first connection: most gateways never ask an LDAP server. */
type Library = typeof import('ldapts');

export class LdapConnection {
  readonly #server: LdapServer;
  readonly #library: Library;
  readonly #client: Client;
  readonly #sockets: Socket[] = [];
  readonly #broken: Promise<never>;
  #isOpen = false;
  #break: (error: Error) => void = () => undefined;

  /** Resolves when the connection can carry passwords. @param deadline on the clock of `performance.now()` */
  static async open(server: LdapServer, deadline: number): Promise<LdapConnection> {
    const connection = new LdapConnection(server, await import('ldapts'));
    try {
      await connection.#before(deadline, connection.#connect());
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private constructor(server: LdapServer, library: Library) {
    this.#server = server;
    this.#library = library;
    this.#broken = new Promise((_, reject) => {
      this.#break = reject;
    });
    this.#broken.catch(() => undefined);
    const host = isIP(server.host) === 6 ? `[${server.host}]` : server.host;
    this.#client = new library.Client({
      url: `${server.tls === 'from-start' ? 'ldaps' : 'ldap'}://${host}:${server.port}`,
      createConnection: (() => this.#first(() => this.#openTcp())) as unknown as typeof connectTcp,
      createSecureConnection: this.#secure.bind(this) as typeof connectTls,
    });
  }

  /** False from the moment on that a socket was closed. */
  get isUsable(): boolean {
    return this.#isOpen;
  }

  /** Rejects when there is no answer; then the connection is of no use any more. */
  async bind(name: string, password: string, deadline: number): Promise<BindResult> {
    if (!this.#isOpen) throw new Error('the connection was closed');
    try {
      await this.#before(deadline, this.#client.bind(name, password));
      return SUCCESS;
    } catch (error) {
      if (this.#isResult(error)) return { code: error.code };
      throw error;
    }
  }

  close(): void {
    this.#fail(new Error('the connection was closed'));
  }

  async #connect(): Promise<void> {
    const { tls } = this.#server;
    if (tls === 'start-tls') await this.#client.startTLS(this.#tlsOptions());
    else await this.#openOnly();
    this.#isOpen = this.#sockets.every((socket) => !socket.destroyed);
  }

  /** The client connects with its first request, which must not be a password: so the connection is made before. */
  #openOnly(): Promise<void> {
    const socket = this.#server.tls === 'from-start' ? this.#openTls() : this.#openTcp();
    return new Promise((resolve) => {
      socket.once(this.#server.tls === 'from-start' ? 'secureConnect' : 'connect', () => resolve());
    });
  }

  #openTcp(): Socket {
    const { host, port, lookup } = this.#server;
    return this.#watch(connectTcp({ host, port, lookup, noDelay: true }));
  }

  #openTls(): Socket {
    const { host, port, lookup } = this.#server;
    return this.#watch(connectTls({ host, port, lookup, ...this.#tlsOptions() }));
  }

  /** Called for `ldaps` with a port, for StartTLS with the options that carry the socket. */
  #secure(options: number | ConnectionOptions): Socket {
    if (typeof options === 'number') return this.#first(() => this.#openTls());
    return this.#watch(connectTls(options));
  }

  /** The socket that is open already, or the first one. */
  #first(open: () => Socket): Socket {
    const [socket] = this.#sockets;
    if (socket === undefined) return open();
    if (this.#sockets.length > 1 || socket.destroyed) throw new Error('the connection was closed');
    return socket;
  }

  #tlsOptions(): ConnectionOptions {
    const { host, verify } = this.#server;
    return { rejectUnauthorized: verify, host, ...(isIP(host) === 0 ? { servername: host } : {}) };
  }

  #watch<S extends Socket>(socket: S): S {
    this.#sockets.push(socket);
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
    // Listeners for errors are taken off by the client now and then; without one an error would end the process.
    const guard = (error: Error): void => this.#fail(error);
    socket.on('error', guard);
    socket.on('removeListener', (event: string) => {
      if (event === 'error' && socket.listenerCount('error') === 0) socket.on('error', guard);
    });
    return socket;
  }

  /** The server answered, and not with success. */
  #isResult(error: unknown): error is ResultCodeError {
    return error instanceof this.#library.ResultCodeError;
  }

  #fail(error: Error): void {
    this.#isOpen = false;
    this.#break(error);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #before<T>(deadline: number, step: Promise<T>): Promise<T> {
    step.catch(() => undefined);
    const late = new Error(`no answer within ${this.#server.timeoutMs} ms`);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), Math.max(0, deadline - performance.now()));
    });
    try {
      return await Promise.race([step, this.#broken, tooLate]);
    } catch (error) {
      if (!this.#isResult(error)) this.#fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
