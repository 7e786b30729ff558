// Configuration of ai-request-transformer.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { extractPattern, modelCall, prompt, transformerChecks } from '../shared/ai-transformer.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    consumer: noConsumer,
    config: {
      type: 'record',
      required: true,
      fields: { prompt, transformation_extract_pattern: extractPattern, ...modelCall },
    },
  },
  entity_checks: transformerChecks,
} as const satisfies Subschema;
