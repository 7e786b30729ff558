// jwt: the caller is who owns the key that signed a JSON Web Token.
import { definePlugin } from '../../pdk/index.ts';
import { jwtSecrets } from './entities.ts';
import { schema } from './schema.ts';

export const jwt = definePlugin({
  name: 'jwt',
  priority: 1450,
  version: '3.10.0',
  schema,
  entities: [jwtSecrets],
  handler: () => import('./handler.ts'),
});
