// Configuration of ai-prompt-guard.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { llmFormat, maxRequestBodySize } from '../shared/ai-model.ts';

const patterns = (description: string) =>
  ({ type: 'array', len_max: 10, elements: { type: 'string', len_min: 1, len_max: 500 }, description }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        allow_patterns: patterns('Regular expressions of which one must match the prompt.'),
        deny_patterns: patterns('Regular expressions of which none may match the prompt.'),
        allow_all_conversation_history: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Judge the newest message only.',
        },
        max_request_body_size: maxRequestBodySize,
        match_all_roles: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Judge messages of every role, not only those of the user.',
        },
        llm_format: llmFormat,
      },
    },
  },
  entity_checks: [
    { check: 'at_least_one_of', fields: ['config.allow_patterns', 'config.deny_patterns'] },
    {
      check: 'conditional',
      if_field: 'config.match_all_roles',
      if_match: { eq: true },
      then_field: 'config.allow_all_conversation_history',
      then_match: { eq: false },
    },
  ],
} as const satisfies Subschema;
