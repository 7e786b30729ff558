// mtls-auth: the caller is whom the certificate of his TLS handshake names.
import { definePlugin } from '../../pdk/index.ts';
import { mtlsAuthCredentials } from './entities.ts';
import { schema } from './schema.ts';

export const mtlsAuth = definePlugin({
  name: 'mtls-auth',
  priority: 1600,
  version: '3.10.0',
  schema,
  entities: [mtlsAuthCredentials],
  handler: () => import('./handler.ts'),
});
