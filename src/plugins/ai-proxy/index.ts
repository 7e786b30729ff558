// ai-proxy: one chat format in front of several providers of language models.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiProxy = definePlugin({
  name: 'ai-proxy',
  priority: 770,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
