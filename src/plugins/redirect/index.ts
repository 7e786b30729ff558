// redirect: sends the client to another URL.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const redirect = definePlugin({
  name: 'redirect',
  priority: 779,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
