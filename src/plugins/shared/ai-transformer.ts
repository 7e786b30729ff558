// What the two plugins that let a model rewrite a body share: the prompt aside, how the model is called.
import type { EntityCheck } from '../../schema/define.ts';
import { host, port } from '../../schema/typedefs.ts';
import { maxRequestBodySize, modelChecks, modelFields } from './ai-model.ts';

export const prompt = { type: 'string', required: true, description: 'What the model shall do.' } as const;

export const extractPattern = {
  type: 'string',
  description: "Regular expression whose match in the model's answer becomes the body.",
} as const;

export const modelCall = {
  http_timeout: {
    type: 'integer',
    required: true,
    default: 60_000,
    description: 'Milliseconds to connect to the model, to send and to be answered.',
  },
  https_verify: {
    type: 'boolean',
    required: true,
    default: true,
    description: 'Verify the certificate of the provider.',
  },
  max_request_body_size: maxRequestBodySize,
  http_proxy_host: { ...host, description: 'Host of the proxy for http.' },
  http_proxy_port: { ...port, description: 'Port of the proxy for http.' },
  https_proxy_host: { ...host, description: 'Host of the proxy for https.' },
  https_proxy_port: { ...port, description: 'Port of the proxy for https.' },
  llm: {
    type: 'record',
    required: true,
    description: 'The model that rewrites.',
    fields: modelFields,
    entity_checks: modelChecks,
  },
} as const;

export const transformerChecks: readonly EntityCheck[] = [
  {
    check: 'conditional',
    if_field: 'config.llm.route_type',
    if_match: { not_one_of: ['llm/v1/chat'] },
    then_field: 'config.llm.route_type',
    then_match: { eq: 'llm/v1/chat' },
    then_err: "'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
  },
  { check: 'mutually_required', fields: ['config.http_proxy_host', 'config.http_proxy_port'] },
  { check: 'mutually_required', fields: ['config.https_proxy_host', 'config.https_proxy_port'] },
];
