// rate-limiting: so many requests in a calendar period, counted by caller, address, service, header or path.
import { definePlugin } from '../../pdk/index.ts';
import { ratelimitingMetrics } from './entities.ts';
import { schema, schemaWithoutDatabase } from './schema.ts';

export const rateLimiting = definePlugin({
  name: 'rate-limiting',
  priority: 910,
  version: '3.10.0',
  schema,
  schema_without_database: schemaWithoutDatabase,
  entities: [ratelimitingMetrics],
  handler: () => import('./handler.ts'),
});
