// The plugin interface: everything a plugin may import from the gateway, as `gwctl/plugin`.
export type {
  PluginAdminInstance,
  PluginAdminModule,
  PluginAdminReply,
  PluginAdminRequest,
  PluginAdminRoute,
  PluginAdminWork,
} from './admin.ts';
export { type Answer, error, exit, replay } from './answer.ts';
export {
  type Attempt,
  challenge,
  findConsumer,
  hasExpired,
  ownerOf,
  withAnonymous,
} from './authentication.ts';
export type { BodyContent, BodyLimits, BodyPart, ParsedBody, UnusableBody } from './body.ts';
export type { CertificateExchange, CertificatePair, CertificateStep } from './certificate.ts';
export {
  type BodyListener,
  type CertificateWish,
  definePlugin,
  type HandlerModule,
  type Phases,
  type PluginConfig,
  type PluginDefinition,
  type Step,
} from './define.ts';
export type {
  AppendFiles,
  Cache,
  Clock,
  Counter,
  Counters,
  EntityReader,
  EntityStore,
  EntityWrite,
  Environment,
  Log,
  LogLevel,
  Made,
  NodeFigures,
  NodeTracing,
  Queue,
  Timers,
  Vault,
} from './environment.ts';
export type { NodeEvents } from './events.ts';
export type {
  AccessExchange,
  BodyExchange,
  BodyFraming,
  BodyReader,
  ClientCertificate,
  ClientView,
  ConnectionView,
  HandshakeExchange,
  HeaderExchange,
  HeaderValue,
  HeaderValues,
  LogExchange,
  QueryArguments,
  RequestView,
  ResponseExchange,
  ResponseHeadersView,
  ResponseView,
  RetryExchange,
  RewriteExchange,
  Shared,
  Slot,
  UpstreamAnswer,
  UpstreamAnswerExchange,
  WebSocketCloseExchange,
  WebSocketExchange,
} from './exchange.ts';
export { slot } from './exchange.ts';
export * from './library.ts';
export type { CounterSeries, FamilyOptions, HistogramSeries, Metrics, SeriesFamily } from './metrics.ts';
export type { HttpAnswer, HttpRequest, Network, OpenAnswer, SystemLog, TcpTarget } from './network.ts';
export * from './schema.ts';
export type { Addition, SharedCounters, Wanted } from './shared-counters.ts';
export type { LoggedExchange, LogMode, PrereadExchange, StreamLogExchange } from './stream.ts';
export type {
  RecordedSpan,
  SpanEvent,
  SpanOptions,
  SpanValue,
  SpanValues,
  TraceSpan,
  Tracing,
} from './tracing.ts';
export type { UpstreamRetry, UpstreamTls, UpstreamTry, UpstreamView } from './upstream.ts';
export type { FrameStep, MessageLimits, WebSocketClosing, WebSocketEnd, WebSocketFrame } from './web-socket.ts';
