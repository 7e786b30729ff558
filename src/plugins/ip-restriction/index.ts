// ip-restriction: lets clients through, or keeps them out, by address.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const ipRestriction = definePlugin({
  name: 'ip-restriction',
  priority: 990,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
