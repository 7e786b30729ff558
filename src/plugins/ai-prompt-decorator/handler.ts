// ai-prompt-decorator at work: messages of the configuration around those of the request.
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { aiError, messagesOf, NOT_JSON, readJsonRequest, setJsonRequest } from '../shared/ai/request.ts';
import type { schema } from './schema.ts';

export function create(config: PluginConfig<typeof schema>, _environment: Environment): Phases {
  const prepend = (config.prompts?.prepend ?? []).map(({ role, content }) => ({ role, content }));
  const append = (config.prompts?.append ?? []).map(({ role, content }) => ({ role, content }));
  const limit = config.max_request_body_size ?? 8192;
  const notChat = aiError(400, 'this LLM route only supports llm/chat type requests');
  return {
    async access(exchange) {
      const request = await readJsonRequest(exchange, limit, config.llm_format ?? 'openai');
      if (request === undefined) return NOT_JSON;
      const messages = messagesOf(request);
      if (messages === undefined) return notChat;
      setJsonRequest(exchange, { ...request, messages: [...prepend, ...messages, ...append] });
      return undefined;
    },
  };
}
