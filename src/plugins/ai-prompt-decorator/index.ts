// ai-prompt-decorator: adds messages to prompts.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const aiPromptDecorator = definePlugin({
  name: 'ai-prompt-decorator',
  priority: 772,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
