// key-auth: the caller is who owns the key in a header, a query argument or the body.
import { definePlugin } from '../../pdk/index.ts';
import { keyauthCredentials } from './entities.ts';
import { schema } from './schema.ts';

export const keyAuth = definePlugin({
  name: 'key-auth',
  priority: 1250,
  version: '3.10.0',
  schema,
  entities: [keyauthCredentials],
  handler: () => import('./handler.ts'),
});
