// Configuration of standard-webhooks.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        secret_v1: {
          type: 'string',
          required: true,
          referenceable: true,
          encrypted: true,
          description: 'Secret that webhooks are signed with, used as it is.',
        },
        tolerance_second: {
          type: 'integer',
          required: true,
          default: 300,
          gt: -1,
          description: 'Seconds by which the time of a webhook may be off.',
        },
      },
    },
  },
} as const satisfies Subschema;
