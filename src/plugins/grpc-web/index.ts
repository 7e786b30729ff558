// grpc-web: gRPC-Web requests for gRPC services.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const grpcWeb = definePlugin({
  name: 'grpc-web',
  priority: 3,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
