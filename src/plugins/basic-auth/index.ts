// basic-auth: the caller is who knows the name and password of HTTP Basic authentication.
import { definePlugin } from '../../pdk/index.ts';
import { basicauthCredentials } from './entities.ts';
import { schema } from './schema.ts';

export const basicAuth = definePlugin({
  name: 'basic-auth',
  priority: 1100,
  version: '3.10.0',
  schema,
  entities: [basicauthCredentials],
  handler: () => import('./handler.ts'),
});
