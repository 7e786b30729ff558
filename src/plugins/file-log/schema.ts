// Configuration of file-log.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';
import { customFields } from '../shared/custom-fields.ts';

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        path: {
          type: 'string',
          required: true,
          match: /^[^\s*&%\\`\u0000][^*&%\\`\u0000]*[^\s*&%\\`\u0000]$/,
          err: 'not a valid filename',
          description: 'File to append to; made when missing, its directory is not.',
        },
        reopen: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Open the file anew for every line, so that rotation is noticed.',
        },
        custom_fields_by_lua: customFields,
      },
    },
  },
} as const satisfies Subschema;
