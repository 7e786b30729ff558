// Hugging Face: the inference API, with texts or in the chat form.
import { isObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import {
  contentText,
  type Driver,
  defined,
  messagesIn,
  object,
  objects,
  piece,
  reply,
  text,
  tuningOf,
  Unsuitable,
} from '../driver.ts';

export const huggingface: Driver = {
  framing: 'sse',
  hidesCookies: false,
  url: ({ name }) => `https://api-inference.huggingface.co/models/${name.split('/').map(encodeURIComponent).join('/')}`,
  encode(ask) {
    const { max_tokens, temperature, top_p, top_k } = tuningOf(ask);
    const isChat = ask.operation === 'chat';
    const { use_cache = null, wait_for_model = null } = ask.options.huggingface ?? {};
    return {
      ...(isChat
        ? {
            messages: messagesIn(ask),
            inputs: messagesIn(ask)
              .map(({ content }) => contentText(content))
              .join('\n'),
          }
        : { inputs: text(ask.request['prompt']) }),
      model: ask.name,
      stream: ask.streams,
      parameters: defined({ top_k, top_p, temperature, [isChat ? 'max_length' : 'max_new_tokens']: max_tokens }),
      options: defined({ use_cache, wait_for_model }),
    };
  },
  decode(answer, ask) {
    const first = Array.isArray(answer) ? (answer[0] as Json) : (answer as Json);
    const value = isObject(first ?? null) ? (first as JsonObject) : {};
    const problem = value['error'] ?? value['message'];
    if (typeof problem === 'string') throw new Unsuitable(`API error: ${problem}`);
    if (Array.isArray(value['choices'])) return { ...value, object: 'chat.completion' };
    if (typeof value['generated_text'] !== 'string')
      throw new Unsuitable("'generated_text' not in huggingface response");
    return reply(ask, { content: value['generated_text'], finish: 'complete' });
  },
  tell(event, ask) {
    const choice = objects(event['choices'])[0];
    if (choice !== undefined) return { chunks: [piece(ask, object(choice['delta']), choice['finish_reason'] ?? null)] };
    const token = object(event['token'])['text'];
    return typeof token === 'string' ? { chunks: [piece(ask, { content: token })] } : {};
  },
};
