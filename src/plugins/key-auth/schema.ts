// Configuration of key-auth.
import type { Subschema } from '../../schema/define.ts';
import { headerName, noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        key_names: {
          type: 'array',
          required: true,
          default: ['apikey'],
          elements: headerName,
          description: 'Names to look the key up by, in order.',
        },
        hide_credentials: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Remove the key from the request before it goes upstream.',
        },
        anonymous: {
          type: 'string',
          description: 'Consumer (id or username) to use when authentication fails.',
        },
        key_in_header: { type: 'boolean', required: true, default: true, description: 'Look in headers.' },
        key_in_query: { type: 'boolean', required: true, default: true, description: 'Look in the query string.' },
        key_in_body: { type: 'boolean', required: true, default: false, description: 'Look in the body.' },
        run_on_preflight: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Authenticate OPTIONS requests too.',
        },
        realm: { type: 'string', description: 'Realm named in WWW-Authenticate.' },
      },
    },
  },
} as const satisfies Subschema;
