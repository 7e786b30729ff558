// Requests in the form of Bedrock (Converse) or Gemini (generateContent), as chat requests.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const defined = (values: Record<string, Json | undefined>): JsonObject =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined && entry[1] !== null),
  );

const textOf = (parts: readonly JsonObject[]): string =>
  parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n');

export function fromBedrock(request: JsonObject): JsonObject {
  const inference = isObject(request['inferenceConfig'] ?? null) ? (request['inferenceConfig'] as JsonObject) : {};
  const system = textOf(objects(request['system']));
  const messages = objects(request['messages']).flatMap(({ role, content }): JsonObject[] => {
    const parts = objects(content);
    const results = parts.flatMap(({ toolResult }) => (isObject(toolResult ?? null) ? [toolResult as JsonObject] : []));
    if (results.length > 0) {
      return results.map((result) => ({
        role: 'tool',
        tool_call_id: result['toolUseId'] ?? '',
        content: textOf(objects(result['content'])),
      }));
    }
    const calls = parts.flatMap(({ toolUse }) => (isObject(toolUse ?? null) ? [toolUse as JsonObject] : []));
    return [
      {
        role: role ?? 'user',
        content: textOf(parts),
        ...(calls.length === 0
          ? {}
          : {
              tool_calls: calls.map(({ toolUseId, name, input }) => ({
                id: toolUseId ?? '',
                type: 'function',
                function: { name: name ?? '', arguments: JSON.stringify(input ?? {}) },
              })),
            }),
      },
    ];
  });
  const toolConfig = isObject(request['toolConfig'] ?? null) ? (request['toolConfig'] as JsonObject) : {};
  const tools = objects(toolConfig['tools']).flatMap(({ toolSpec }): JsonObject[] =>
    isObject(toolSpec ?? null)
      ? [
          {
            type: 'function',
            function: defined({
              name: (toolSpec as JsonObject)['name'],
              description: (toolSpec as JsonObject)['description'],
              parameters: ((toolSpec as JsonObject)['inputSchema'] as JsonObject | undefined)?.['json'],
            }),
          },
        ]
      : [],
  );
  return defined({
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages],
    max_tokens: inference['maxTokens'],
    temperature: inference['temperature'],
    top_p: inference['topP'],
    stop: inference['stopSequences'],
    tools: tools.length === 0 ? undefined : tools,
  });
}

export function fromGemini(request: JsonObject): JsonObject {
  const config = isObject(request['generationConfig'] ?? null) ? (request['generationConfig'] as JsonObject) : {};
  const instruction = request['systemInstruction'] ?? request['system_instruction'] ?? null;
  const system = isObject(instruction) ? textOf(objects(instruction['parts'])) : '';
  const messages = objects(request['contents']).map(({ role, parts }) => ({
    role: role === 'model' ? 'assistant' : (role ?? 'user'),
    content: textOf(objects(parts)),
  }));
  return defined({
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages],
    max_tokens: config['maxOutputTokens'],
    temperature: config['temperature'],
    top_p: config['topP'],
    top_k: config['topK'],
    stop: config['stopSequences'],
  });
}
