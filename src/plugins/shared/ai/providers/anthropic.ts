// Anthropic: messages, and the older completions.
import type { Json, JsonObject } from '../../../../lib/json.ts';
import {
  type Ask,
  argumentsOf,
  contentText,
  type Driver,
  defined,
  functionCall,
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

const DEFAULT_TOKENS = 1024;

export const anthropic: Driver = {
  framing: 'sse',
  hidesCookies: false,
  url: ({ operation }) => `https://api.anthropic.com${operation === 'chat' ? '/v1/messages' : '/v1/complete'}`,
  headers: ({ options }) => ({ 'anthropic-version': options.anthropic_version ?? '2023-06-01' }),
  encode: (ask) => (ask.operation === 'chat' ? chatRequest(ask) : completionRequest(ask)),
  decode(answer, ask) {
    const value = object(answer);
    if (ask.operation === 'completions') {
      if (typeof value['completion'] !== 'string') throw new Unsuitable("'completion' not in anthropic response");
      return reply(ask, { content: value['completion'], finish: value['stop_reason'], model: value['model'] });
    }
    if (!Array.isArray(value['content'])) throw new Unsuitable("'content' not in anthropic response");
    const usage = object(value['usage']);
    const parts = objects(value['content']);
    const words = parts.filter(({ type }) => type === 'text').map((part) => text(part['text']));
    const calls = parts.filter(({ type }) => type === 'tool_use');
    return reply(ask, {
      content: words.length === 0 ? null : words.join('\n'),
      finish: value['stop_reason'],
      calls: calls.map((call) => functionCall(call['id'] ?? '', call['name'] ?? '', call['input'] ?? {})),
      usage: { prompt: number(usage['input_tokens']), completion: number(usage['output_tokens']) },
      id: value['id'],
      model: value['model'],
    });
  },
  tell(event, ask) {
    const delta = object(event['delta']);
    switch (event['type']) {
      case 'message_start': {
        const usage = object(object(event['message'])['usage']);
        return {
          chunks: [piece(ask, { role: 'assistant', content: '' })],
          usage: { prompt: number(usage['input_tokens']) },
        };
      }
      case 'content_block_start': {
        const block = object(event['content_block']);
        if (block['type'] !== 'tool_use') return {};
        const call = { index: event['index'] ?? 0, ...functionCall(block['id'] ?? '', block['name'] ?? '', '') };
        return { chunks: [piece(ask, { tool_calls: [call] })] };
      }
      case 'content_block_delta':
        if (typeof delta['text'] === 'string') return { chunks: [piece(ask, { content: delta['text'] })] };
        if (typeof delta['partial_json'] !== 'string') return {};
        return {
          chunks: [
            piece(ask, {
              tool_calls: [{ index: event['index'] ?? 0, function: { arguments: delta['partial_json'] } }],
            }),
          ],
        };
      case 'message_delta':
        return {
          chunks: [piece(ask, {}, delta['stop_reason'] ?? null)],
          usage: { completion: number(object(event['usage'])['output_tokens']) },
        };
      case 'completion':
        return { chunks: [piece(ask, { content: text(event['completion']) }, event['stop_reason'] ?? null)] };
      case 'message_stop':
        return { isDone: true };
      default:
        return {};
    }
  },
};

function chatRequest(ask: Ask): JsonObject {
  let system: string | undefined;
  const messages: JsonObject[] = [];
  for (const message of messagesIn(ask)) {
    const { role } = message;
    if (role === 'tool') {
      const result = {
        type: 'tool_result',
        tool_use_id: message['tool_call_id'] ?? '',
        content: contentText(message['content']),
      };
      messages.push({ role: 'user', content: [result] });
    } else if (role === 'assistant' && objects(message['tool_calls']).length > 0) {
      const words = contentText(message['content']);
      const calls = objects(message['tool_calls']).map((call) => ({
        type: 'tool_use',
        id: call['id'] ?? '',
        name: object(call['function'])['name'] ?? '',
        input: argumentsOf(call),
      }));
      messages.push({ role, content: [...(words === '' ? [] : [{ type: 'text', text: words }]), ...calls] });
    } else if (role === 'user' || role === 'assistant') messages.push({ role, content: contentOf(message['content']) });
    else system = contentText(message['content']);
  }
  const { max_tokens, temperature } = tuningOf(ask);
  const tools = objects(ask.request['tools']).map((tool) => {
    const { name, description, parameters } = object(tool['function']);
    return defined({ name, description, input_schema: parameters ?? { type: 'object' } });
  });
  return defined({
    model: ask.name,
    messages,
    system,
    max_tokens: max_tokens ?? DEFAULT_TOKENS,
    temperature,
    stream: ask.streams,
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: tools.length === 0 ? undefined : toolChoice(ask.request['tool_choice']),
  });
}

/** Pictures in `data:` URLs go along. */
function contentOf(content: Json | undefined): Json {
  if (!Array.isArray(content)) return content ?? '';
  return objects(content).map((part): Json => {
    const [, media, data] = /^data:([^;,]+);base64,(.*)$/s.exec(text(object(part['image_url'])['url'])) ?? [];
    if (media === undefined || data === undefined) return { type: 'text', text: text(part['text']) };
    return { type: 'image', source: { type: 'base64', media_type: media, data } };
  });
}

function toolChoice(choice: Json | undefined): JsonObject | undefined {
  if (choice === 'required') return { type: 'any' };
  if (choice === 'auto' || choice === 'none') return { type: choice };
  const name = object(object(choice)['function'])['name'];
  return typeof name === 'string' ? { type: 'tool', name } : undefined;
}

function completionRequest(ask: Ask): JsonObject {
  const { max_tokens, temperature } = tuningOf(ask);
  return defined({
    model: ask.name,
    prompt: `\n\nHuman: ${text(ask.request['prompt'])}\n\nAssistant:`,
    max_tokens_to_sample: max_tokens ?? DEFAULT_TOKENS,
    temperature,
    stream: ask.streams,
  });
}
