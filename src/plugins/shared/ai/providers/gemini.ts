// Gemini, and Gemini on Vertex AI.
import type { Json, JsonObject } from '../../../../lib/json.ts';
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

export const gemini: Driver = {
  framing: 'sse',
  hidesCookies: true,
  url({ options, name, streams }) {
    const { api_endpoint = null, project_id = null, location_id = null } = options.gemini ?? {};
    const call = streams ? 'streamGenerateContent?alt=sse' : 'generateContent';
    const model = encodeURIComponent(name);
    if (api_endpoint === null) return `https://generativelanguage.googleapis.com/v1beta/models/${model}:${call}`;
    const place = `projects/${project_id}/locations/${location_id}/publishers/google/models/${model}`;
    return `https://${api_endpoint}/v1/${place}:${call}`;
  },
  encode(ask) {
    if (ask.operation !== 'chat') throw new Unsuitable('gemini only supports llm/v1/chat');
    const tuning = tuningOf(ask);
    const { max_tokens, temperature, top_p, top_k } = tuning;
    const { system, messages } = conversationIn(ask);
    const tools = objects(ask.request['tools']).map((tool) => object(tool['function']));
    return defined({
      contents: messages.map(contentOf),
      systemInstruction:
        system.length === 0 ? undefined : { parts: system.map(({ content }) => ({ text: contentText(content) })) },
      tools: tools.length === 0 ? undefined : [{ function_declarations: tools }],
      generationConfig: defined({
        maxOutputTokens: max_tokens,
        stopSequences: stopsOf(tuning),
        temperature,
        topK: top_k,
        topP: top_p,
      }),
    });
  },
  decode(answer, ask) {
    const value = object(answer);
    const candidate = objects(value['candidates'])[0];
    if (candidate === undefined) throw new Unsuitable("'candidates' not in gemini response");
    if (candidate['finishReason'] === 'SAFETY') throw new Unsuitable('the answer was blocked for safety');
    const parts = objects(object(candidate['content'])['parts']);
    const words = parts.map((part) => text(part['text'])).join('');
    return reply(ask, {
      content: words === '' ? null : words,
      finish: finishOf(candidate['finishReason']),
      calls: callsOf(parts),
      usage: usageOf(value),
    });
  },
  tell(event, ask) {
    const candidate = objects(event['candidates'])[0] ?? {};
    const parts = objects(object(candidate['content'])['parts']);
    const calls = callsOf(parts).map((call, index) => ({ index, ...call }));
    const content = parts.map((part) => text(part['text'])).join('');
    const finish = candidate['finishReason'] === undefined ? null : finishOf(candidate['finishReason']);
    return {
      chunks: [
        piece(ask, { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) }, finish),
      ],
      usage: usageOf(event),
      isDone: finish !== null,
    };
  },
};

const callsOf = (parts: readonly JsonObject[]): JsonObject[] =>
  parts.flatMap((part, index) => {
    const call = object(part['functionCall']);
    return typeof call['name'] === 'string' ? [functionCall(`call_${index}`, call['name'], call['args'] ?? {})] : [];
  });

const finishOf = (reason: Json | undefined): string =>
  reason === 'MAX_TOKENS' ? 'length' : reason === 'SAFETY' ? 'content_filter' : 'stop';

function usageOf(value: JsonObject) {
  const usage = object(value['usageMetadata']);
  if (Object.keys(usage).length === 0) return undefined;
  return { prompt: number(usage['promptTokenCount']), completion: number(usage['candidatesTokenCount']) };
}

function contentOf(message: JsonObject): JsonObject {
  const { role, content } = message;
  const calls = objects(message['tool_calls']);
  if (role === 'tool') {
    const response = {
      name: message['name'] ?? message['tool_call_id'] ?? '',
      response: { content: contentText(content) },
    };
    return { role: 'function', parts: [{ functionResponse: response }] };
  }
  const words: JsonObject[] = Array.isArray(content)
    ? objects(content).map(partOf)
    : typeof content === 'string' && content !== ''
      ? [{ text: content }]
      : [];
  const parts = calls.map((call) => ({
    functionCall: { name: object(call['function'])['name'] ?? '', args: argumentsOf(call) },
  }));
  return { role: role === 'assistant' ? 'model' : 'user', parts: [...words, ...parts] };
}

function partOf(part: JsonObject): JsonObject {
  const address = text(object(part['image_url'])['url']);
  if (address === '') return { text: text(part['text']) };
  const [, mimeType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(address) ?? [];
  return mimeType === undefined ? { fileData: { fileUri: address } } : { inlineData: { mimeType, data: data ?? '' } };
}
