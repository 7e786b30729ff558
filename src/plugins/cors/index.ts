// cors: answers preflights and says which origins may read the answers.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const cors = definePlugin({
  name: 'cors',
  priority: 2000,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
