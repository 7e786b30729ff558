// The bundled plugins, one line each. Handlers load when a configuration uses them; this list costs only names and schemas.
import type { PluginDefinition } from '../pdk/index.ts';
import { acl } from './acl/index.ts';
import { acme } from './acme/index.ts';
import { aiPromptDecorator } from './ai-prompt-decorator/index.ts';
import { aiPromptGuard } from './ai-prompt-guard/index.ts';
import { aiPromptTemplate } from './ai-prompt-template/index.ts';
import { aiProxy } from './ai-proxy/index.ts';
import { aiRequestTransformer } from './ai-request-transformer/index.ts';
import { aiResponseTransformer } from './ai-response-transformer/index.ts';
import { awsLambda } from './aws-lambda/index.ts';
import { azureFunctions } from './azure-functions/index.ts';
import { basicAuth } from './basic-auth/index.ts';
import { botDetection } from './bot-detection/index.ts';
import { correlationId } from './correlation-id/index.ts';
import { cors } from './cors/index.ts';
import { datadog } from './datadog/index.ts';
import { fileLog } from './file-log/index.ts';
import { grpcGateway } from './grpc-gateway/index.ts';
import { grpcWeb } from './grpc-web/index.ts';
import { hmacAuth } from './hmac-auth/index.ts';
import { httpLog } from './http-log/index.ts';
import { ipRestriction } from './ip-restriction/index.ts';
import { jwt } from './jwt/index.ts';
import { keyAuth } from './key-auth/index.ts';
import { ldapAuth } from './ldap-auth/index.ts';
import { loggly } from './loggly/index.ts';
import { mtlsAuth } from './mtls-auth/index.ts';
import { oauth2 } from './oauth2/index.ts';
import { opentelemetry } from './opentelemetry/index.ts';
import { postFunction } from './post-function/index.ts';
import { preFunction } from './pre-function/index.ts';
import { prometheus } from './prometheus/index.ts';
import { proxyCache } from './proxy-cache/index.ts';
import { rateLimiting } from './rate-limiting/index.ts';
import { redirect } from './redirect/index.ts';
import { requestSizeLimiting } from './request-size-limiting/index.ts';
import { requestTermination } from './request-termination/index.ts';
import { requestTransformer } from './request-transformer/index.ts';
import { responseRatelimiting } from './response-ratelimiting/index.ts';
import { responseTransformer } from './response-transformer/index.ts';
import { session } from './session/index.ts';
import { standardWebhooks } from './standard-webhooks/index.ts';
import { statsd } from './statsd/index.ts';
import { syslog } from './syslog/index.ts';
import { tcpLog } from './tcp-log/index.ts';
import { udpLog } from './udp-log/index.ts';
import { zipkin } from './zipkin/index.ts';

export const bundledPlugins: readonly PluginDefinition[] = [
  acl,
  acme,
  aiPromptDecorator,
  aiPromptGuard,
  aiPromptTemplate,
  aiProxy,
  aiRequestTransformer,
  aiResponseTransformer,
  awsLambda,
  azureFunctions,
  basicAuth,
  botDetection,
  correlationId,
  cors,
  datadog,
  fileLog,
  grpcGateway,
  grpcWeb,
  hmacAuth,
  httpLog,
  ipRestriction,
  jwt,
  keyAuth,
  ldapAuth,
  loggly,
  mtlsAuth,
  oauth2,
  opentelemetry,
  postFunction,
  preFunction,
  prometheus,
  proxyCache,
  rateLimiting,
  redirect,
  requestSizeLimiting,
  requestTermination,
  requestTransformer,
  responseRatelimiting,
  responseTransformer,
  session,
  standardWebhooks,
  statsd,
  syslog,
  tcpLog,
  udpLog,
  zipkin,
];

/** By itself, not by its name, which a plugin of the user may have as well. */
export const isBundled = (plugin: PluginDefinition): boolean => bundledPlugins.includes(plugin);
