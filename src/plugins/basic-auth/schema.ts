// Configuration of basic-auth.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { anonymous, hideCredentials, realm } from '../shared/authentication-fields.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        anonymous,
        hide_credentials: hideCredentials,
        realm: { ...realm, required: true, default: 'service' },
      },
    },
  },
} as const satisfies Subschema;
