// Configuration of redirect.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { url } from '../shared/url.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        status_code: {
          type: 'integer',
          required: true,
          default: 301,
          between: [100, 599],
          description: 'Status of the answer.',
        },
        location: { ...url, required: true, description: 'Absolute URL to send the client to.' },
        keep_incoming_path: {
          type: 'boolean',
          default: false,
          description: 'Take path and query from the request instead of from `location`.',
        },
      },
    },
  },
} as const satisfies Subschema;
