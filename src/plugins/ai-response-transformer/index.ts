// ai-response-transformer: lets a language model rewrite the answer.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiResponseTransformer = definePlugin({
  name: 'ai-response-transformer',
  priority: 768,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
