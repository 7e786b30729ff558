// Bedrock: the Converse API, which is one for all its models.
import { isObject, type Json, type JsonObject } from '../../../../lib/json.ts';
import {
  argumentsOf,
  contentText,
  conversationIn,
  type Driver,
  defined,
  functionCall,
  number,
  object,
  objects,
  piece,
  reply,
  stopsOf,
  text,
  tuningOf,
  Unsuitable,
} from '../driver.ts';

const FINISHES: Readonly<Record<string, string>> = {
  max_tokens: 'length',
  tool_use: 'tool_calls',
  guardrail_intervened: 'guardrail_intervened',
};
const finishOf = (reason: Json | undefined): string => FINISHES[text(reason)] ?? 'stop';

export const bedrock: Driver = {
  framing: 'aws',
  hidesCookies: true,
  url: ({ options, name, streams }) =>
    `https://bedrock-runtime.${options.bedrock?.aws_region ?? 'us-east-1'}.amazonaws.com/model/${encodeURIComponent(name)}/converse${streams ? '-stream' : ''}`,
  encode(ask) {
    if (ask.operation !== 'chat') throw new Unsuitable('bedrock only supports llm/v1/chat');
    const tuning = tuningOf(ask);
    const { max_tokens, temperature, top_p } = tuning;
    const { system, messages } = conversationIn(ask);
    const tools = objects(ask.request['tools']).map((tool) => {
      const { name, description, parameters } = object(tool['function']);
      return { toolSpec: defined({ name, description, inputSchema: { json: parameters ?? { type: 'object' } } }) };
    });
    return defined({
      messages: messages.map(messageOf),
      system: system.length === 0 ? undefined : system.map(({ content }) => ({ text: contentText(content) })),
      inferenceConfig: defined({
        maxTokens: max_tokens,
        stopSequences: stopsOf(tuning),
        temperature,
        topP: top_p,
      }),
      toolConfig: tools.length === 0 ? undefined : { tools },
      additionalModelRequestFields: ask.request['additionalModelRequestFields'],
    });
  },
  decode(answer, ask) {
    const value = object(answer);
    const message = object(value['output'])['message'];
    if (!isObject(message ?? null)) throw new Unsuitable("'output' not in bedrock response");
    const parts = objects((message as JsonObject)['content']);
    const words = parts.map((part) => text(part['text'])).filter((word) => word !== '');
    const calls = parts.map((part) => object(part['toolUse'])).filter((call) => 'name' in call);
    return reply(ask, {
      content: words.length === 0 ? null : words.join('\n'),
      finish: finishOf(value['stopReason']),
      calls: calls.map((call) => functionCall(call['toolUseId'] ?? '', call['name'] ?? '', call['input'] ?? {})),
      usage: usageOf(value),
    });
  },
  /** Events come as `{ "<type>": <payload> }`. */
  tell(event, ask) {
    const [type = ''] = Object.keys(event);
    const payload = object(event[type]);
    switch (type) {
      case 'messageStart':
        return { chunks: [piece(ask, { role: 'assistant', content: '' })] };
      case 'contentBlockStart': {
        const call = object(object(payload['start'])['toolUse']);
        if (!('name' in call)) return {};
        const index = payload['contentBlockIndex'] ?? 0;
        return {
          chunks: [
            piece(ask, { tool_calls: [{ index, ...functionCall(call['toolUseId'] ?? '', call['name'] ?? '', '') }] }),
          ],
        };
      }
      case 'contentBlockDelta': {
        const delta = object(payload['delta']);
        if (typeof delta['text'] === 'string') return { chunks: [piece(ask, { content: delta['text'] })] };
        const input = object(delta['toolUse'])['input'];
        if (typeof input !== 'string') return {};
        const index = payload['contentBlockIndex'] ?? 0;
        return { chunks: [piece(ask, { tool_calls: [{ index, function: { arguments: input } }] })] };
      }
      case 'messageStop':
        return { chunks: [piece(ask, {}, finishOf(payload['stopReason']))] };
      case 'metadata':
        return { usage: usageOf(payload), isDone: true };
      default:
        return {};
    }
  },
};

function usageOf(value: JsonObject) {
  const usage = object(value['usage']);
  if (Object.keys(usage).length === 0) return undefined;
  return { prompt: number(usage['inputTokens']), completion: number(usage['outputTokens']) };
}

function messageOf(message: JsonObject): JsonObject {
  const { role, content } = message;
  const words = contentText(content);
  if (role === 'tool') {
    const toolResult = { toolUseId: message['tool_call_id'] ?? '', content: [{ text: words }] };
    return { role: 'user', content: [{ toolResult }] };
  }
  const calls = objects(message['tool_calls']).map((call) => ({
    toolUse: { toolUseId: call['id'] ?? '', name: object(call['function'])['name'] ?? '', input: argumentsOf(call) },
  }));
  return {
    role: role === 'assistant' ? 'assistant' : 'user',
    content: [...(words === '' ? [] : [{ text: words }]), ...calls],
  };
}
