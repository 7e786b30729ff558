// post-function: code of the operator, after all other plugins.
import { definePlugin } from '../../pdk/index.ts';
import { runnableChunks } from '../shared/functions/check-chunk.ts';
import { schema } from './schema.ts';

export const postFunction = definePlugin({
  name: 'post-function',
  priority: -1000,
  version: '3.10.0',
  schema,
  serving_checks: [runnableChunks('post-function')],
  handler: () => import('./handler.ts'),
});
