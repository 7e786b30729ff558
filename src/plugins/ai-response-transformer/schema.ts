// Configuration of ai-response-transformer.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { extractPattern, modelCall, prompt, transformerChecks } from '../shared/ai-transformer.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        prompt,
        transformation_extract_pattern: extractPattern,
        parse_llm_response_json_instructions: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Read headers, status and body from a JSON answer of the model.',
        },
        ...modelCall,
      },
    },
  },
  entity_checks: transformerChecks,
} as const satisfies Subschema;
