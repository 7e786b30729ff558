// bot-detection: refuses clients by their User-Agent.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const botDetection = definePlugin({
  name: 'bot-detection',
  priority: 2500,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
