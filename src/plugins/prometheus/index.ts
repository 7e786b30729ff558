// prometheus: what the gateway measures, to be read by Prometheus.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const prometheus = definePlugin({
  name: 'prometheus',
  priority: 13,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
