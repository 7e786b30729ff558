// zipkin: a trace of every sampled request, sent to a Zipkin collector.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const zipkin = definePlugin({
  name: 'zipkin',
  priority: 100000,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
