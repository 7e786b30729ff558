// Configuration of ai-prompt-template.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { maxRequestBodySize } from '../shared/ai-model.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        templates: {
          type: 'array',
          required: true,
          elements: {
            type: 'record',
            fields: {
              name: { type: 'string', required: true, description: 'Name that requests choose it by.' },
              template: {
                type: 'string',
                required: true,
                description: 'Text of the request, with {{placeholders}} for its properties.',
              },
            },
          },
          description: 'Prompts that requests may choose from.',
        },
        allow_untemplated_requests: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Let requests pass that choose no template.',
        },
        log_original_request: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Log the request as it came.',
        },
        max_request_body_size: maxRequestBodySize,
      },
    },
  },
} as const satisfies Subschema;
