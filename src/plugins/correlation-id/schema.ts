// Configuration of correlation-id.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        header_name: { type: 'string', default: 'Kong-Request-ID', description: 'Header that carries the id.' },
        generator: {
          type: 'string',
          required: true,
          default: 'uuid#counter',
          one_of: ['uuid', 'uuid#counter', 'tracker'],
          description: 'How ids are made.',
        },
        echo_downstream: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Send the id back to the client.',
        },
      },
    },
  },
} as const satisfies Subschema;
