// The request on its way upstream: what plugins may decide of it, how its connection is secured, and the tries to reach a
// peer.
import type { BodyContent } from './body.ts';
import type { CertificatePair } from './certificate.ts';
import type { HeaderValue, QueryArguments } from './exchange.ts';

/** The request as it will go upstream. */
export interface UpstreamView {
  /** As it stands; empty before a route is known. */
  readonly path: string;
  setMethod(method: string): void;
  /** Replaces the path that the route and the service would give; must start with `/`. */
  setPath(path: string): void;
  setRawQuery(query: string): void;
  /** Encodes anew: sorted by name, `true` for an argument without a value. */
  setQuery(values: QueryArguments): void;
  /** Takes out every occurrence; the others stay in their order. */
  removeQueryArgument(name: string): void;
  /** `host` sets the Host sent upstream. */
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): void;
  addHeader(name: string, value: HeaderValue): void;
  removeHeader(name: string): void;
  setBody(body: Uint8Array | string): void;
  /** In its own format, with the Content-Type that goes with it. */
  setContent(content: BodyContent): void;
  /** In place of the protocol of the service. */
  setScheme(scheme: 'http' | 'https' | 'grpc' | 'grpcs'): void;
  /** Says `TE: trailers`, whatever the client said. */
  wantTrailers(): void;
  /** In place of the service's: connecting, sending and reading, in milliseconds. */
  setTimeouts(connect: number, send: number, read: number): void;
  /** In place of the service's: how often another peer is tried after the first. */
  setRetries(count: number): void;
  /** Balance this request over another upstream, or send it straight to an address. */
  setTarget(host: string, port: number): void;
  /** How the connection is secured, where it is: in place of what the service says. */
  setTls(terms: UpstreamTls): void;
}

/**
 * What is absent is as the service has it. Make it once and give the same object to every request: requests share connections
 * by it. What is not legal is told when it is given first.
 */
export interface UpstreamTls {
  readonly verify?: boolean;
  /** Most intermediate certificates between the upstream's and its authority. */
  readonly verifyDepth?: number;
  /** Who must have signed, in PEM. */
  readonly authorities?: readonly string[];
  /** Shown to the upstream when it asks. */
  readonly certificate?: CertificatePair;
}

/** One try to get an answer of an upstream. */
export interface UpstreamTry {
  readonly ip: string;
  readonly port: number;
  /** When it began, in milliseconds since the epoch. */
  readonly balancer_start: number;
  readonly balancer_start_ns: number;
  /** Milliseconds spent to choose where to send. */
  readonly balancer_latency: number;
  readonly balancer_latency_ns: number;
  /** Of tries that failed. */
  readonly state?: 'failed' | 'next';
  /** Status that stands for the failure. */
  readonly code?: number;
}
/** Between two tries: what is changed holds for the tries that follow. */
export interface UpstreamRetry
  extends Pick<
    UpstreamView,
    | 'setMethod'
    | 'setPath'
    | 'setRawQuery'
    | 'setHeader'
    | 'addHeader'
    | 'removeHeader'
    | 'setBody'
    | 'setContent'
    | 'setScheme'
    | 'setTarget'
    | 'setTls'
  > {
  /** So far, in order; all of them failed. */
  readonly tries: readonly UpstreamTry[];
  /** No further try: the client is told of the failure. */
  stop(): void;
}
