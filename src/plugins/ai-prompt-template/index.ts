// ai-prompt-template: prompts made from templates.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiPromptTemplate = definePlugin({
  name: 'ai-prompt-template',
  priority: 773,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
