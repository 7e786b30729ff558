// One request and its answer as the gateway's way handles them, whichever version of HTTP the client speaks. The engines
// have one class each; nothing stands between them and the hot path but this description.
import type * as net from 'node:net';
import type { ClientCertificate } from '../pdk/index.ts';
import type { HeaderList } from './http1/headers.ts';
import type { OwnLines } from './http1/own-lines.ts';
import type { RequestBody } from './http1/request-body.ts';
import type { LoggedCaller } from './observe/logged-caller.ts';
import type { TlsSession } from './tls/session.ts';

export type { RequestBody } from './http1/request-body.ts';

/** What the gateway keeps with a connection, because it is the same for most of its requests. */
export interface ConnectionNotes {
  /** The Host that `callerLines` are for. */
  host: string;
  /** Header lines that tell upstreams who asks, and for which host. */
  callerLines: OwnLines | undefined;
  /** What log records repeat. */
  logged: LoggedCaller | undefined;
}

export interface ClientExchange {
  readonly method: string;
  /** Path and query as received, or `*`. */
  readonly target: string;
  readonly httpVersion: 1 | 1.1 | 2;
  /** The authority as sent, port included; empty for HTTP/1.0 without Host. */
  readonly host: string;
  /** Without Host and without anything hop-by-hop. The same list may be edited and sent upstream. */
  readonly headers: HeaderList;
  /** A protocol that the client wants to go on with; only HTTP/1.1 has this. */
  readonly upgrade: string | undefined;
  readonly teTrailers: boolean;
  readonly expectsContinue: boolean;
  readonly hasLength: boolean;
  readonly body: RequestBody;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** As sent to the client; 0 before. */
  readonly status: number;
  /** Lines of the answer's head that the engine added, `Name: value` each with its line end; empty before. */
  readonly ownLines: string;
  readonly bytesIn: number;
  bytesOut: number;
  readonly answered: boolean;
  readonly finished: boolean;
  readonly aborted: boolean;
  onDrain: (() => void) | undefined;
  /** The client went away, or its body turned out faulty; onFinish follows. */
  onAbort: (() => void) | undefined;
  /** Exactly once, after the last byte was handed over or after an abort. */
  onFinish: (() => void) | undefined;
  readonly notes: ConnectionNotes;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly connectionSerial: number;
  readonly connectionRequests: number;
  readonly encrypted: boolean;
  /** Undefined when it is not encrypted. */
  readonly tlsSession: TlsSession | undefined;
  /** As the client named it in its TLS handshake. */
  readonly serverName: string | undefined;
  /** Undefined when the handshake asked for none. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** The client's address as a PROXY header before the connection's first byte gives it. */
  readonly announcedAddress: string | undefined;

  respond(status: number, reason: string | undefined, headers: HeaderList, body?: string | Uint8Array): void;
  startResponse(status: number, reason: string | undefined, headers: HeaderList, length: number | undefined): void;
  /** False: wait for onDrain before the next write. */
  write(chunk: Uint8Array): boolean;
  /** Trailers go out where the client can take them. */
  end(trailers?: HeaderList): void;
  abort(): void;
  switchProtocols(headers: HeaderList): { socket: net.Socket; bytes: Buffer };
}
