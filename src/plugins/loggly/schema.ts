// Configuration of loggly.
import type { Subschema } from '../../schema/define.ts';
import { host, pluginProtocols, port } from '../../schema/typedefs.ts';
import { customFields } from '../shared/custom-fields.ts';
import { severityDescriptions as is, severity } from '../shared/severity.ts';

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        host: { ...host, default: 'logs-01.loggly.com', description: 'Host that records are sent to.' },
        port: { ...port, default: 514, description: 'Port that records are sent to.' },
        key: {
          type: 'string',
          required: true,
          referenceable: true,
          encrypted: true,
          description: 'Customer token of the Loggly account.',
        },
        tags: { type: 'set', default: ['kong'], elements: { type: 'string' }, description: 'Tags of every record.' },
        log_level: { ...severity, description: is.log_level },
        successful_severity: { ...severity, description: is.successful_severity },
        client_errors_severity: { ...severity, description: is.client_errors_severity },
        server_errors_severity: { ...severity, description: is.server_errors_severity },
        timeout: { type: 'number', default: 10_000, description: 'Milliseconds to find the address of the host.' },
        custom_fields_by_lua: customFields,
      },
    },
  },
} as const satisfies Subschema;
