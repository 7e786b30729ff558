// grpc-gateway: JSON requests for gRPC services.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const grpcGateway = definePlugin({
  name: 'grpc-gateway',
  priority: 998,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
