// Configuration of grpc-gateway.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        proto: { type: 'string', description: 'File on the gateway that describes the gRPC services.' },
      },
    },
  },
} as const satisfies Subschema;
