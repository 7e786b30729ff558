// Cohere, API v1: the last message apart from those before it.
import type { JsonObject } from '../../../../lib/json.ts';
import {
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

export const cohere: Driver = {
  framing: 'lines',
  hidesCookies: false,
  url: ({ operation }) => `https://api.cohere.com${operation === 'chat' ? '/v1/chat' : '/v1/generate'}`,
  encode(ask) {
    const { max_tokens, temperature, top_p, top_k, stop } = tuningOf(ask);
    const common = defined({
      model: ask.name,
      stream: ask.streams,
      max_tokens,
      temperature,
      p: top_p,
      k: top_k,
      stop_sequences: stop,
    });
    if (ask.operation === 'completions') return { ...common, prompt: text(ask.request['prompt']) };
    const messages = messagesIn(ask);
    const history = messages.slice(0, -1).map(({ role, content }) => ({
      role: role === 'assistant' ? 'CHATBOT' : 'USER',
      message: contentText(content),
    }));
    return {
      ...common,
      message: contentText(messages.at(-1)?.['content']),
      ...(history.length === 0 ? {} : { chat_history: history }),
    };
  },
  decode(answer, ask) {
    const value = object(answer);
    const content =
      typeof value['text'] === 'string'
        ? value['text']
        : (objects(value['generations'])[0]?.['text'] ?? contentText(object(value['message'])['content']));
    if (typeof content !== 'string' || content === '') throw new Unsuitable("'text' not in cohere response");
    return reply(ask, {
      content,
      finish: value['finish_reason'] ?? 'stop',
      usage: usageOf(value),
      id: value['generation_id'] ?? value['id'],
    });
  },
  tell(event, ask) {
    switch (event['event_type']) {
      case 'stream-start':
        return { chunks: [piece(ask, { role: 'assistant', content: '' })] };
      case 'text-generation':
        return { chunks: [piece(ask, { content: text(event['text']) })] };
      case 'stream-end':
        return {
          chunks: [piece(ask, {}, event['finish_reason'] ?? 'stop')],
          usage: usageOf(object(event['response'])),
          isDone: true,
        };
      default:
        return {};
    }
  },
};

function usageOf(value: JsonObject) {
  const meta = object(value['meta']);
  const units = object(meta['billed_units'] ?? object(value['usage'])['billed_units']);
  if (Object.keys(units).length === 0) return undefined;
  return { prompt: number(units['input_tokens']), completion: number(units['output_tokens']) };
}
