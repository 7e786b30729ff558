// Configuration of request-size-limiting.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        allowed_payload_size: { type: 'integer', default: 128, description: 'Largest body, in `size_unit`.' },
        size_unit: {
          type: 'string',
          required: true,
          default: 'megabytes',
          one_of: ['megabytes', 'kilobytes', 'bytes'],
          description: 'Unit of the limit; a kilobyte has 1024 bytes.',
        },
        require_content_length: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Refuse bodies of unknown length, unless they are chunked.',
        },
      },
    },
  },
} as const satisfies Subschema;
