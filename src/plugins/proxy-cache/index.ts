// proxy-cache: answers from memory what the upstream answered before.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const proxyCache = definePlugin({
  name: 'proxy-cache',
  priority: 100,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
  admin: () => import('./admin.ts'),
});
