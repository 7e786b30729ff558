// udp-log: one datagram of JSON a request.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const udpLog = definePlugin({
  name: 'udp-log',
  priority: 8,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
