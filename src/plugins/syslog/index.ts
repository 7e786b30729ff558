// syslog: log records for the system log.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const syslog = definePlugin({
  name: 'syslog',
  priority: 4,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
