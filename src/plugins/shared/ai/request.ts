// Requests for language models as they come: JSON objects in the chat or completions form, or in the form of one provider,
// which is turned into the chat form first.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type AccessExchange, type Answer, exit } from '../../../pdk/index.ts';
import { fromBedrock, fromGemini } from './native-requests.ts';

export type LlmFormat = 'openai' | 'bedrock' | 'gemini';

export const aiError = (status: number, message: string): Answer => exit(status, { error: { message } });

export const NOT_JSON = aiError(400, 'this LLM route only supports application/json requests');

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json$/;

/** Undefined when the body is too large, or not one JSON object, or says to be something else. */
export async function readJsonRequest(
  { request }: AccessExchange,
  limit: number,
  format: LlmFormat = 'openai',
): Promise<JsonObject | undefined> {
  const [type = ''] = (request.header('content-type') ?? '').toLowerCase().split(';');
  if (type.trim() !== '' && !JSON_TYPE.test(type.trim())) return undefined;
  const value = parseJsonObject((await request.body(limit))?.toString('utf8'));
  if (value === undefined || format === 'openai') return value;
  return format === 'bedrock' ? fromBedrock(value) : fromGemini(value);
}

export function parseJsonObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const messagesOf = (request: JsonObject): JsonObject[] | undefined => {
  const { messages } = request;
  return Array.isArray(messages) && messages.length > 0 && messages.every(isObject) ? messages : undefined;
};

/** Puts a rewritten request in the place of the one that came. */
export function setJsonRequest({ upstream }: AccessExchange, body: JsonObject | string): void {
  upstream.setHeader('Content-Type', 'application/json');
  upstream.setBody(typeof body === 'string' ? body : JSON.stringify(body));
}
