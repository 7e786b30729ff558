// A plugin is this literal: its place in the order, its schema, the entities it owns and, loaded only where requests are
// served, its handler. Bundled plugins and a user's plugins are the same thing.
import type { EntityCheck, EntitySchema, InferFields, RecordField, Subschema } from '../schema/define.ts';
import type { PluginAdminModule } from './admin.ts';
import type { Answer } from './answer.ts';
import type { CertificateExchange, CertificateStep } from './certificate.ts';
import type { Environment } from './environment.ts';
import type {
  AccessExchange,
  BodyExchange,
  HandshakeExchange,
  HeaderExchange,
  LogExchange,
  ResponseExchange,
  RetryExchange,
  RewriteExchange,
  UpstreamAnswerExchange,
  WebSocketCloseExchange,
  WebSocketExchange,
} from './exchange.ts';
import type { PrereadExchange, StreamLogExchange } from './stream.ts';
import type { FrameStep, WebSocketFrame } from './web-socket.ts';

/** Return nothing to go on. Return a promise only where something is awaited: the runner stays synchronous otherwise. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is the common case
export type Step = Answer | undefined | void | Promise<Answer | undefined | void>;

export type BodyListener = (chunk: Uint8Array, last: boolean) => void;

/** That a TLS handshake asks the client for a certificate. */
export interface CertificateWish {
  /** Ids of CA certificates. */
  readonly authorities: readonly string[];
  /** Tell the client their names, so that it can choose. */
  readonly tellsNames: boolean;
}

/** One configured instance. State that belongs to the instance lives in the closure of `create`. */
export interface Phases {
  /** For handshakes whose server name may lead to this instance. What is shown is for the instance to verify. */
  readonly certificateWish?: CertificateWish;
  /** In TLS handshakes, before a certificate is shown. Global instances only. */
  certificate?(exchange: CertificateExchange): CertificateStep;
  /** Global instances only: route, service and consumer are not known yet. */
  rewrite?(exchange: RewriteExchange): Step;
  access?(exchange: AccessExchange): Step;
  /** In the turn and in the place of `access`, for requests that ask for a WebSocket. */
  ws_handshake?(exchange: HandshakeExchange): Step;
  /** For every message, ping, pong and close frame of the client, before the upstream gets it. */
  ws_client_frame?(exchange: WebSocketExchange, frame: WebSocketFrame): FrameStep | Promise<FrameStep>;
  /** The same in the other direction. */
  ws_server_frame?(exchange: WebSocketExchange, frame: WebSocketFrame): FrameStep | Promise<FrameStep>;
  /** When the connection is over, before `log`. */
  ws_close?(exchange: WebSocketCloseExchange): void;
  /** After a try to reach the upstream failed and before the next one: it may go elsewhere, or not at all. */
  retry?(exchange: RetryExchange): void | Promise<void>;
  /** The whole upstream response is read first; use it only when headers depend on the body. */
  response?(exchange: ResponseExchange): Step;
  /**
   * Asked when the upstream's head is there: false lets this answer pass `response` by, chunk by chunk. With `head` the phase
   * runs, and the body waits and then passes chunk by chunk: `response` may look something up for `header_filter`, but there
   * is no body for it, unless another plugin needs it.
   */
  needs_response?(exchange: HeaderExchange): boolean | 'head';
  /**
   * The upstream's own answer, before any plugin changes it: to look at, not to change. What is returned is called with its
   * body, chunk by chunk; chunks are lent for the call. `last` comes once, and never for an answer that broke off.
   */
  upstream_answer?(exchange: UpstreamAnswerExchange): BodyListener | undefined;
  header_filter?(exchange: HeaderExchange): void;
  /** Chunk by chunk; returns what to send instead (empty to send nothing). `last` comes exactly once, maybe with no bytes. */
  body_filter?(exchange: BodyExchange, chunk: Uint8Array, last: boolean): Uint8Array;
  log?(exchange: LogExchange): void;
  /** For connections that are passed through as they are. */
  preread?(exchange: PrereadExchange): Step;
  stream_log?(exchange: StreamLogExchange): void;
  /** The instance is gone from the configuration and no request uses it any more. */
  close?(): void;
}

export interface HandlerModule<C> {
  create(config: C, environment: Environment): Phases;
}

type ConfigOf<S extends Subschema> = S['fields']['config'] extends RecordField
  ? InferFields<S['fields']['config']['fields']>
  : never;

export interface PluginDefinition {
  readonly name: string;
  /** Higher runs first, in every phase. */
  readonly priority: number;
  readonly version: string;
  /** It decides nothing about a request: without it, requests may pass. */
  readonly observes?: true;
  readonly schema: Subschema;
  /** In its place on a node without a database, which may offer less. */
  readonly schema_without_database?: Subschema;
  /**
   * What only a gateway that runs the plugin asks of a configuration. Files for other gateways are not held to it; `validate`
   * warns.
   */
  readonly serving_checks?: readonly EntityCheck[];
  readonly entities?: readonly EntitySchema[];
  /** Kinds of the gateway's own entities that its instances write. */
  readonly writes?: readonly string[];
  /**
   * Loaded when the gateway starts, that of a bundled plugin when the configuration first uses it; never by `diff` or
   * `validate`. A plugin without one is validated and stored, but not executed; `serve` and `validate` say so.
   */
  readonly handler?: () => Promise<HandlerModule<never>>;
  /** Endpoints of its own in the Admin API, loaded with it. */
  readonly admin?: () => Promise<PluginAdminModule>;
}

/** Checks at compile time that the handler takes the config that the schema describes. */
export const definePlugin = <const S extends Subschema>(
  definition: Omit<PluginDefinition, 'schema' | 'handler'> & {
    readonly schema: S;
    readonly handler?: () => Promise<HandlerModule<ConfigOf<S>>>;
  },
): PluginDefinition => definition as PluginDefinition;

export type PluginConfig<S extends Subschema> = ConfigOf<S>;
