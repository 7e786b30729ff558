// file-log: appends one JSON line a request to a file.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const fileLog = definePlugin({
  name: 'file-log',
  priority: 9,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
