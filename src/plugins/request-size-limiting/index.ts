// request-size-limiting: refuses requests whose body is too large.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const requestSizeLimiting = definePlugin({
  name: 'request-size-limiting',
  priority: 951,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
