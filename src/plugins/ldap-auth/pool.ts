// Connections that wait for the next bind. A bind needs a connection for itself; one that nobody used for a time is closed.
import { type BindResult, LdapConnection, type LdapServer } from './connection.ts';

const MAX_IDLE = 32;

interface Idle {
  readonly connection: LdapConnection;
  readonly timer: NodeJS.Timeout;
}

export class LdapPool {
  readonly #server: LdapServer;
  readonly #keepAliveMs: number;
  readonly #idle: Idle[] = [];
  #isClosed = false;

  constructor(server: LdapServer, keepAliveMs: number) {
    this.#server = server;
    this.#keepAliveMs = keepAliveMs;
  }

  /** Rejects when the server cannot be reached or does not answer in time: one deadline for everything that is tried. */
  async bind(name: string, password: string): Promise<BindResult> {
    const deadline = performance.now() + this.#server.timeoutMs;
    const use = async (connection: LdapConnection): Promise<BindResult> => {
      try {
        return await connection.bind(name, password, deadline);
      } finally {
        this.#giveBack(connection);
      }
    };
    const kept = this.#take();
    if (kept !== undefined) {
      try {
        return await use(kept);
      } catch (error) {
        // The server may have closed it just now; a new connection tells whether it is alive.
        if (this.#isClosed || performance.now() >= deadline) throw error;
      }
    }
    return use(await LdapConnection.open(this.#server, deadline));
  }

  close(): void {
    this.#isClosed = true;
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
  }

  #take(): LdapConnection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.timer);
      if (idle.connection.isUsable) return idle.connection;
    }
    return undefined;
  }

  #giveBack(connection: LdapConnection): void {
    if (!connection.isUsable) return;
    if (this.#isClosed || this.#keepAliveMs <= 0 || this.#idle.length >= MAX_IDLE) {
      connection.close();
      return;
    }
    const timer = setTimeout(() => {
      const place = this.#idle.findIndex((idle) => idle.connection === connection);
      if (place >= 0) this.#idle.splice(place, 1);
      connection.close();
    }, this.#keepAliveMs);
    timer.unref();
    this.#idle.push({ connection, timer });
  }
}
