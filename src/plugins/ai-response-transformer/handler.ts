// ai-response-transformer at work: the upstream answers as always, and the model's words take the place of its body.
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../../lib/json.ts';
import type { Answer, Environment, HeaderExchange, Phases, PluginConfig, ResponseExchange } from '../../pdk/index.ts';
import { object, Unsuitable } from '../shared/ai/driver.ts';
import { createOneShot } from '../shared/ai/one-shot.ts';
import { aiError, parseJsonObject } from '../shared/ai/request.ts';
import type { schema } from './schema.ts';

const MAX_INFLATED = 8 * 1024 * 1024;

export function create(config: PluginConfig<typeof schema>, environment: Environment): Phases {
  const ask = createOneShot(config, environment);

  async function response(exchange: ResponseExchange): Promise<Answer | undefined> {
    const { response: answer } = exchange;
    let plain: Buffer;
    let words: string;
    try {
      plain = plainBody(answer);
      const spoken = await ask(exchange.request, plain.toString());
      words = spoken.text;
      if (spoken.log !== undefined) exchange.setLogValue('ai.ai-response-transformer', spoken.log);
    } catch (problem) {
      environment.log.warn(`the model did not answer: ${String(problem)}`, { request_id: exchange.request.id });
      const reason = problem instanceof Unsuitable ? problem.message : 'the request to the model failed';
      return aiError(400, `failed to introspect request with AI service: ${reason}`);
    }
    answer.removeHeader('content-encoding');
    if (!config.parse_llm_response_json_instructions) {
      answer.body = Buffer.from(words);
      return undefined;
    }
    const instructions = parseJsonObject(words);
    if (instructions === undefined) {
      return aiError(
        500,
        'failed to parse JSON response instructions from AI backend: the answer is not a JSON object',
      );
    }
    answer.body = plain;
    follow(answer, instructions);
    return undefined;
  }

  return {
    access: ({ upstream }) => upstream.setHeader('Accept-Encoding', 'identity'),
    response,
    header_filter({ response: answer }) {
      if (answer.source === 'error') tellFailure(answer);
    },
  };
}

/** Once requests have passed `access`, only an upstream that does not answer makes errors of the gateway's own. */
function tellFailure(answer: HeaderExchange['response']): void {
  const reason = answer.status === 504 ? 'timeout' : answer.status === 503 ? 'no address' : 'no valid answer';
  answer.status = 500;
  answer.setHeader('Content-Type', 'application/json; charset=utf-8');
  answer.replaceBody(JSON.stringify({ error: { message: `failed to connect to upstream: ${reason}` } }));
}

function plainBody(answer: ResponseExchange['response']): Buffer {
  const { body } = answer;
  return answer.header('content-encoding') === 'gzip' ? gunzipSync(body, { maxOutputLength: MAX_INFLATED }) : body;
}

/** `{ status, headers, body }`, all of them optional. */
function follow(answer: ResponseExchange['response'], { status, headers, body }: JsonObject): void {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) answer.status = status;
  for (const [name, value] of Object.entries(object(headers))) {
    if (/^(?:content-length|transfer-encoding|connection)$/i.test(name)) continue;
    if (typeof value === 'string' || typeof value === 'number') answer.setHeader(name, String(value));
  }
  if (body !== undefined) answer.body = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
