// azure-functions: answers with the result of an Azure function.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const azureFunctions = definePlugin({
  name: 'azure-functions',
  priority: 749,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
