// How plugins reach other servers. The gateway owns the connections, shares them between instances and resolves names; a
// plugin says where to and gets a promise.
import type { LookupFunction } from 'node:net';

/** Milliseconds. */
interface Times {
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
}

export interface HttpRequest extends Times {
  /** http or https, without user and fragment. */
  readonly url: string;
  readonly method: string;
  /** Host and Content-Length are added. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Uint8Array;
  /** Whether the certificate must be valid. */
  readonly verify: boolean;
  /** The name that its certificate is asked and checked for, when it is not the host of the URL. */
  readonly serverName?: string | undefined;
  /** Address of an HTTP proxy to go through. */
  readonly proxy?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** The body, cut after 64 KiB. */
  readonly text: string;
}

/** An answer whose body is still to come: to be read to its end, or cancelled. */
export interface OpenAnswer {
  readonly status: number;
  /** Lower-case names; repeated lines as a list. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body; rejects when it is larger than `limit` bytes. */
  bytes(limit: number): Promise<Buffer>;
  cancel(): void;
}

export interface TcpTarget extends Times {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain TCP. The certificate is not verified. */
  readonly tls: { readonly serverName: string | undefined } | undefined;
}

export interface Network {
  /** Resolves names as the gateway does; for sockets that a plugin opens and closes itself. */
  readonly lookup: LookupFunction;
  /** Rejects when there is no complete answer; every status is an answer. */
  http(request: HttpRequest): Promise<HttpAnswer>;
  /** For answers of any length, and for their headers. Rejects when there is no head of an answer in time. */
  open(request: HttpRequest): Promise<OpenAnswer>;
  /** Resolves when the system took all datagrams: nothing says that they arrive. */
  udp(host: string, port: number, datagrams: readonly string[]): Promise<void>;
  /** Resolves when the text was written. Texts for one target share a connection and never mix. */
  tcp(target: TcpTarget, text: string): Promise<void>;
}

export interface SystemLog {
  /** `priority` is facility × 8 + severity. Never fails: what cannot be written is reported by the gateway. */
  write(priority: number, message: string): void;
}
