// statsd: metrics of every request, sent to StatsD.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const statsd = definePlugin({
  name: 'statsd',
  priority: 11,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
