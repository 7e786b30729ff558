// loggly: log records, sent to Loggly as syslog datagrams.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const loggly = definePlugin({
  name: 'loggly',
  priority: 6,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
