// The bundled plugins, one line each. Handlers load when the gateway starts; this list costs only names and schemas.
import type { PluginDefinition } from '../pdk/index.ts';
import { aiPromptDecorator } from './ai-prompt-decorator/index.ts';
import { aiPromptGuard } from './ai-prompt-guard/index.ts';
import { aiPromptTemplate } from './ai-prompt-template/index.ts';
import { aiProxy } from './ai-proxy/index.ts';
import { aiRequestTransformer } from './ai-request-transformer/index.ts';
import { aiResponseTransformer } from './ai-response-transformer/index.ts';
import { awsLambda } from './aws-lambda/index.ts';
import { azureFunctions } from './azure-functions/index.ts';
import { cors } from './cors/index.ts';
import { datadog } from './datadog/index.ts';
import { fileLog } from './file-log/index.ts';
import { grpcGateway } from './grpc-gateway/index.ts';
import { grpcWeb } from './grpc-web/index.ts';
import { httpLog } from './http-log/index.ts';
import { keyAuth } from './key-auth/index.ts';
import { loggly } from './loggly/index.ts';
import { opentelemetry } from './opentelemetry/index.ts';
import { postFunction } from './post-function/index.ts';
import { preFunction } from './pre-function/index.ts';
import { prometheus } from './prometheus/index.ts';
import { rateLimiting } from './rate-limiting/index.ts';
import { requestTransformer } from './request-transformer/index.ts';
import { statsd } from './statsd/index.ts';
import { syslog } from './syslog/index.ts';
import { tcpLog } from './tcp-log/index.ts';
import { udpLog } from './udp-log/index.ts';
import { zipkin } from './zipkin/index.ts';

export const bundledPlugins: readonly PluginDefinition[] = [
  aiPromptDecorator,
  aiPromptGuard,
  aiPromptTemplate,
  aiProxy,
  aiRequestTransformer,
  aiResponseTransformer,
  awsLambda,
  azureFunctions,
  cors,
  datadog,
  fileLog,
  grpcGateway,
  grpcWeb,
  httpLog,
  keyAuth,
  loggly,
  opentelemetry,
  postFunction,
  preFunction,
  prometheus,
  rateLimiting,
  requestTransformer,
  statsd,
  syslog,
  tcpLog,
  udpLog,
  zipkin,
];
