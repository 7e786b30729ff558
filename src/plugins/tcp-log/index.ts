// tcp-log: one line of JSON a request over TCP or TLS.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const tcpLog = definePlugin({
  name: 'tcp-log',
  priority: 7,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
