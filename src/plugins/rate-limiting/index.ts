// rate-limiting: so many requests in a calendar period, counted by caller, address, service, header or path.
import { definePlugin } from '../../pdk/index.ts';
import { ratelimitingMetrics } from './entities.ts';
import { schema } from './schema.ts';

export const rateLimiting = definePlugin({
  name: 'rate-limiting',
  priority: 910,
  version: '3.10.0',
  schema,
  entities: [ratelimitingMetrics],
  handler: () => import('./handler.ts'),
});
