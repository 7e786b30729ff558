// Configuration of tcp-log.
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
        timeout: { type: 'number', default: 10_000, description: 'Milliseconds to connect and to send.' },
        keepalive: {
          type: 'number',
          default: 60_000,
          description: 'Milliseconds for which an idle connection is kept.',
        },
        tls: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Send over TLS; the certificate of the server is not verified.',
        },
        tls_sni: { type: 'string', description: 'Server name to ask for over TLS; the host when unset.' },
        custom_fields_by_lua: customFields,
      },
    },
  },
} as const satisfies Subschema;
