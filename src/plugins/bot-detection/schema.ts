// Configuration of bot-detection.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';

const patterns = { type: 'array', default: [], elements: { type: 'string', is_regex: true } } as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        allow: { ...patterns, description: 'Regular expressions of User-Agent values that may pass.' },
        deny: { ...patterns, description: 'Regular expressions of User-Agent values to refuse.' },
      },
    },
  },
} as const satisfies Subschema;
