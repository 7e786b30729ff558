// correlation-id: gives every request an id in a header.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const correlationId = definePlugin({
  name: 'correlation-id',
  priority: 100001,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
