// Models that people run themselves: the API of Ollama, and Llama 2 with the bare format of its prompts.
import type { Json, JsonObject } from '../../../../lib/json.ts';
import {
  type Ask,
  contentText,
  type Driver,
  defined,
  messagesIn,
  number,
  object,
  objects,
  piece,
  reply,
  text,
  tuningOf,
  Unsuitable,
} from '../driver.ts';

const ollamaText = (value: JsonObject): string | undefined => {
  const content = object(value['message'])['content'] ?? value['response'];
  return typeof content === 'string' ? content : undefined;
};
const ollamaUsage = (value: JsonObject) => ({
  prompt: number(value['prompt_eval_count']),
  completion: number(value['eval_count']),
});

export const ollama: Driver = {
  framing: 'lines',
  hidesCookies: false,
  url: ({ operation }) => `http://localhost:11434${operation === 'chat' ? '/api/chat' : '/api/generate'}`,
  encode(ask) {
    const { max_tokens, temperature, top_p, top_k } = tuningOf(ask);
    return {
      model: ask.name,
      stream: ask.streams,
      ...(ask.operation === 'chat' ? { messages: messagesIn(ask) } : { prompt: text(ask.request['prompt']) }),
      options: defined({ num_predict: max_tokens, temperature, top_p, top_k }),
    };
  },
  decode(answer, ask) {
    const value = object(answer);
    const content = ollamaText(value);
    if (content === undefined) throw new Unsuitable("'message' not in ollama response");
    return reply(ask, { content, finish: 'stop', usage: ollamaUsage(value), model: value['model'] });
  },
  tell(event, ask) {
    const content = ollamaText(event) ?? '';
    if (event['done'] !== true) return { chunks: [piece(ask, { content })] };
    return { chunks: [piece(ask, content === '' ? {} : { content }, 'stop')], usage: ollamaUsage(event), isDone: true };
  },
};

export const llamaRaw: Driver = {
  framing: 'none',
  hidesCookies: false,
  url: () => 'http://localhost/',
  encode(ask) {
    if (ask.streams) throw new Unsuitable('streaming is not supported for llama2 in the raw format');
    const { max_tokens, temperature, top_p, top_k } = tuningOf(ask);
    return {
      inputs: llamaPrompt(ask),
      parameters: { ...defined({ max_new_tokens: max_tokens, top_p, top_k, temperature }), stream: false },
    };
  },
  decode(answer, ask) {
    const list = Array.isArray(answer) ? (answer as Json[]) : (object(answer)['data'] ?? [answer as JsonObject]);
    const generated = objects(list as Json)[0]?.['generated_text'];
    if (typeof generated !== 'string') throw new Unsuitable("'generated_text' not in llama2 response");
    const end = generated.lastIndexOf('[/INST]');
    return reply(ask, { content: (end < 0 ? generated : generated.slice(end + 7)).trim(), finish: 'stop' });
  },
};

/** `<s>[INST] <<SYS>> … <</SYS>> question [/INST] answer </s><s>[INST] …` */
function llamaPrompt(ask: Ask): string {
  if (ask.operation === 'completions') return `<s> [INST] ${text(ask.request['prompt'])} [/INST]`;
  let prompt = '<s>[INST] ';
  for (const [index, { role, content }] of messagesIn(ask).entries()) {
    const words = contentText(content);
    if (role === 'system' && index === 0) prompt += `<<SYS>> ${words} <</SYS>> `;
    else if (role === 'assistant') prompt += `${words} </s><s>[INST] `;
    else prompt += `${words} [/INST] `;
  }
  return prompt.trimEnd();
}
