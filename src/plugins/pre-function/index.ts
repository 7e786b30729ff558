// pre-function: code of the operator, before all other plugins.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const preFunction = definePlugin({
  name: 'pre-function',
  priority: 1000000,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
