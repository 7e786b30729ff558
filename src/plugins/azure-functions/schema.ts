// Configuration of azure-functions.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';

const secret = { type: 'string', referenceable: true, encrypted: true } as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        timeout: {
          type: 'number',
          default: 600_000,
          description: 'Milliseconds to connect, to send and to be answered.',
        },
        keepalive: {
          type: 'number',
          default: 60_000,
          description: 'Milliseconds for which an idle connection is kept.',
        },
        https: { type: 'boolean', default: true, description: 'Call over TLS.' },
        https_verify: { type: 'boolean', default: false, description: 'Verify the certificate of the function.' },
        apikey: { ...secret, description: 'Key of the function, sent as x-functions-key.' },
        clientid: { ...secret, description: 'Name of the key, sent as x-functions-clientid.' },
        appname: { type: 'string', required: true, description: 'Name of the app: the first part of the host.' },
        hostdomain: {
          type: 'string',
          required: true,
          default: 'azurewebsites.net',
          description: 'Domain that the app lives under.',
        },
        routeprefix: { type: 'string', default: 'api', description: 'First part of the path.' },
        functionname: { type: 'string', required: true, description: 'Name of the function: the rest of the path.' },
      },
    },
  },
} as const satisfies Subschema;
