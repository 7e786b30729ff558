// Configuration of ai-proxy.
import type { EntityCheck, Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { llmFormat, maxRequestBodySize, modelChecks, modelFields } from '../shared/ai-model.ts';

const nativeFormat = (format: string): EntityCheck => ({
  check: 'conditional',
  if_field: 'config.llm_format',
  if_match: { eq: format },
  then_field: 'config.model.provider',
  then_match: { eq: format },
  then_err: `native llm_format '${format}' can only be used with the '${format}' model.provider`,
});

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        ...modelFields,
        response_streaming: {
          type: 'string',
          default: 'allow',
          one_of: ['allow', 'deny', 'always'],
          description: 'Whether answers are streamed: as the request asks, never or always.',
        },
        max_request_body_size: maxRequestBodySize,
        model_name_header: { type: 'boolean', default: true, description: 'Name the model in a response header.' },
        llm_format: llmFormat,
      },
      entity_checks: modelChecks,
    },
  },
  entity_checks: [
    {
      check: 'conditional',
      if_field: 'config.llm_format',
      if_match: { one_of: ['bedrock', 'gemini'] },
      then_field: 'config.route_type',
      then_match: { eq: 'llm/v1/chat' },
      then_err: "native provider options in llm_format can only be used with the 'llm/v1/chat' route_type",
    },
    nativeFormat('bedrock'),
    nativeFormat('gemini'),
  ],
} as const satisfies Subschema;
