// Configuration of grpc-web.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        proto: { type: 'string', description: 'File on the gateway that describes the gRPC services; JSON needs it.' },
        pass_stripped_path: { type: 'boolean', description: 'Name the method by the path that goes upstream.' },
        allow_origin_header: {
          type: 'string',
          default: '*',
          description: 'Value of Access-Control-Allow-Origin in answers.',
        },
      },
    },
  },
} as const satisfies Subschema;
