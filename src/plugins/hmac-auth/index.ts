// hmac-auth: the caller is who signed the request with a shared secret.
import { definePlugin } from '../../pdk/index.ts';
import { hmacauthCredentials } from './entities.ts';
import { schema } from './schema.ts';

export const hmacAuth = definePlugin({
  name: 'hmac-auth',
  priority: 1030,
  version: '3.10.0',
  schema,
  entities: [hmacauthCredentials],
  handler: () => import('./handler.ts'),
});
