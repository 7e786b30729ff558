// opentelemetry: traces and logs, sent over OTLP.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const opentelemetry = definePlugin({
  name: 'opentelemetry',
  priority: 14,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
