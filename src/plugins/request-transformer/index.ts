// request-transformer: changes method, path, headers, query and body of the request that goes upstream.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const requestTransformer = definePlugin({
  name: 'request-transformer',
  priority: 801,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
