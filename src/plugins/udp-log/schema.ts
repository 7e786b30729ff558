// Configuration of udp-log.
import type { Subschema } from '../../schema/define.ts';
import { host, pluginProtocols, port } from '../../schema/typedefs.ts';
import { customFields } from '../shared/custom-fields.ts';

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        host: { ...host, required: true, description: 'Host that records are sent to.' },
        port: { ...port, required: true, description: 'Port that records are sent to.' },
        timeout: { type: 'number', default: 10_000, description: 'Milliseconds to find the address of the host.' },
        custom_fields_by_lua: customFields,
      },
    },
  },
} as const satisfies Subschema;
