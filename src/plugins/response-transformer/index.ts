// response-transformer: changes headers and JSON bodies of responses.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const responseTransformer = definePlugin({
  name: 'response-transformer',
  priority: 800,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
