// pre-function: code of the operator, before all other plugins.
import { definePlugin } from '../../pdk/index.ts';
import { runnableChunks } from '../shared/functions/check-chunk.ts';
import { schema } from './schema.ts';

export const preFunction = definePlugin({
  name: 'pre-function',
  priority: 1000000,
  version: '3.10.0',
  schema,
  serving_checks: [runnableChunks('pre-function')],
  handler: () => import('./handler.ts'),
});
