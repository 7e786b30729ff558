// ai-request-transformer: lets a language model rewrite the request.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiRequestTransformer = definePlugin({
  name: 'ai-request-transformer',
  priority: 777,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
