// request-termination: answers every request with a fixed response.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const requestTermination = definePlugin({
  name: 'request-termination',
  priority: 2,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
