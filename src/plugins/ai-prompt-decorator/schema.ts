// Configuration of ai-prompt-decorator.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { llmFormat, maxRequestBodySize } from '../shared/ai-model.ts';

const messages = (description: string) =>
  ({
    type: 'array',
    len_max: 15,
    elements: {
      type: 'record',
      fields: {
        role: {
          type: 'string',
          required: true,
          default: 'system',
          one_of: ['system', 'assistant', 'user'],
          description: 'Who says it.',
        },
        content: { type: 'string', required: true, len_min: 1, len_max: 500, description: 'What is said.' },
      },
    },
    description,
  }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        prompts: {
          type: 'record',
          description: 'Messages to add.',
          fields: {
            prepend: messages('Messages before those of the request.'),
            append: messages('Messages after those of the request.'),
          },
        },
        max_request_body_size: maxRequestBodySize,
        llm_format: llmFormat,
      },
    },
  },
  entity_checks: [{ check: 'at_least_one_of', fields: ['config.prompts.prepend', 'config.prompts.append'] }],
} as const satisfies Subschema;
