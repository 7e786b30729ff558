// acme: obtains and renews TLS certificates from an ACME authority.
import { definePlugin } from '../../pdk/index.ts';
import { acmeStorage } from './entities.ts';
import { schema } from './schema.ts';

export const acme = definePlugin({
  name: 'acme',
  priority: 1705,
  version: '3.10.0',
  schema,
  entities: [acmeStorage],
  writes: ['certificates', 'snis'],
  handler: () => import('./handler.ts'),
  admin: () => import('./admin.ts'),
});
