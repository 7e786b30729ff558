// standard-webhooks: checks the signature of webhook requests.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const standardWebhooks = definePlugin({
  name: 'standard-webhooks',
  priority: 760,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
