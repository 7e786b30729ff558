// http-log: log records, sent over HTTP in batches.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const httpLog = definePlugin({
  name: 'http-log',
  priority: 12,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
