// session: remembers in a cookie whom another plugin authenticated.
import { definePlugin } from '../../pdk/index.ts';
import { sessionMetadatas, sessions } from './entities.ts';
import { schema } from './schema.ts';

export const session = definePlugin({
  name: 'session',
  priority: 1900,
  version: '3.10.0',
  schema,
  entities: [sessions, sessionMetadatas],
  handler: () => import('./handler.ts'),
});
