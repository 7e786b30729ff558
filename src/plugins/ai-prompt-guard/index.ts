// ai-prompt-guard: refuses prompts by regular expressions.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiPromptGuard = definePlugin({
  name: 'ai-prompt-guard',
  priority: 771,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
