// response-ratelimiting: counts what a response header of the upstream says was used.
import { definePlugin } from '../../pdk/index.ts';
import { schema, schemaWithoutDatabase } from './schema.ts';

export const responseRatelimiting = definePlugin({
  name: 'response-ratelimiting',
  priority: 900,
  version: '3.10.0',
  schema,
  schema_without_database: schemaWithoutDatabase,
  handler: () => import('./handler.ts'),
});
