// acl: lets consumers through, or keeps them out, by the groups they are in.
import { definePlugin } from '../../pdk/index.ts';
import { acls } from './entities.ts';
import { schema } from './schema.ts';

export const acl = definePlugin({
  name: 'acl',
  priority: 950,
  version: '3.10.0',
  schema,
  entities: [acls],
  handler: () => import('./handler.ts'),
});
