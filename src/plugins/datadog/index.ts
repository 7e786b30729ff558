// datadog: metrics of every request, sent to a Datadog agent.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const datadog = definePlugin({
  name: 'datadog',
  priority: 10,
  version: '3.10.0',
  observes: true,
  schema,
  handler: () => import('./handler.ts'),
});
