// What a plugin sees of a connection that is passed through as it is: no request, no headers, only who came from where, and
// at its end what passed.
import type { Json, JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { Shared } from './exchange.ts';

/** add: only where there is nothing yet; replace: only in place of something. */
export type LogMode = 'set' | 'add' | 'replace';

export interface LogEditor {
  /** Adds to, replaces in or (undefined) removes from the log record; dots in the key descend, `\.` does not. */
  setLogValue(key: string, value: Json | undefined, mode?: LogMode): void;
}

/** What both kinds of log phases offer: the record, with all values set so far. */
export interface LoggedExchange extends LogEditor {
  logRecord(): JsonObject;
  /** The same as JSON, in one line. */
  logText(): string;
  /** As bytes of UTF-8, with a line break: cheaper still. They are good until somebody asks for another record. */
  logLine(): Uint8Array;
}

/** Before an upstream is chosen. An answer ends the connection: below 400 its body is sent first. */
export interface PrereadExchange extends LogEditor {
  readonly client: {
    /** Behind a trusted proxy that announces it. */
    readonly ip: string;
    readonly port: number;
    /** Of the connection. */
    readonly peerIp: string;
  };
  readonly connection: {
    readonly protocol: 'tcp' | 'tls' | 'udp';
    /** That the client asked for. */
    readonly serverName: string | undefined;
    readonly localAddress: string;
    readonly localPort: number;
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
  };
  readonly shared: Shared;
  readonly route: Entity | undefined;
  readonly service: Entity | undefined;
}

export interface StreamLogExchange extends PrereadExchange, LoggedExchange {
  /** 200 when it was passed through, else why not. */
  readonly status: number;
  /** Of the client. */
  readonly bytes: { readonly received: number; readonly sent: number };
}
