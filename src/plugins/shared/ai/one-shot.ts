// Asks a model once, for the plugins that let it rewrite a body: what the operator wants is the system's message, the body the
// user's.
import type { Json, JsonObject } from '../../../lib/json.ts';
import { compilePattern } from '../../../lib/regex.ts';
import type { Environment, RequestView } from '../../../pdk/index.ts';
import { accountFor } from './accounts.ts';
import { type ModelSettings, object, objects, Unsuitable } from './driver.ts';
import { createModelCall } from './model-call.ts';

export interface OneShotConfig {
  readonly prompt: string;
  readonly transformation_extract_pattern: string | null;
  readonly http_timeout: number;
  readonly https_verify: boolean;
  readonly http_proxy_host: string | null;
  readonly http_proxy_port: number | null;
  readonly https_proxy_host: string | null;
  readonly https_proxy_port: number | null;
  readonly llm: ModelSettings;
}

export interface Spoken {
  readonly text: string;
  readonly log: JsonObject | undefined;
}

const MAX_ANSWER = 8 * 1024 * 1024;

/** Rejects with `Unsuitable` where the model does not do what it should. */
export function createOneShot(
  config: OneShotConfig,
  environment: Environment,
): (view: RequestView, body: string) => Promise<Spoken> {
  const prepare = createModelCall(config.llm, environment);
  const pattern = config.transformation_extract_pattern;
  // Letters count in either case, and lines are texts of their own.
  const extract = pattern === null ? undefined : compilePattern(`(?im)${pattern}`, { longTexts: true });
  if (extract?.ok === false) throw new Error(`transformation_extract_pattern cannot be used: ${extract.reason}`);

  return async (view, body) => {
    const messages = [
      { role: 'system', content: config.prompt },
      { role: 'user', content: body },
    ];
    const prepared = await prepare(view, {
      operation: 'chat',
      request: { messages },
      streams: false,
      kind: 'converted',
    });
    const startedAt = environment.clock.now();
    const answer = await environment.network.open({
      url: prepared.url,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Accept-Encoding': 'identity', ...prepared.headers },
      body: prepared.body ?? '',
      timeoutMs: config.http_timeout,
      keepAliveMs: 60_000,
      verify: config.https_verify,
      proxy: proxyFor(prepared.url, config),
    });
    const bytes = await answer.bytes(MAX_ANSWER);
    if (answer.status !== 200) throw new Unsuitable(`status code ${answer.status}`);
    const told = prepared.driver.decode(readAnswer(bytes), prepared.ask);
    const choice = objects(told['choices'])[0];
    if (choice === undefined) throw new Unsuitable("no 'choices' in upstream AI service response");
    const content = object(choice['message'])['content'];
    const text = typeof content === 'string' ? content : '';
    const found = extract?.ok === true ? extract.regex.exec(text)?.[0] : text;
    if (found === undefined) throw new Unsuitable('AI response did not match specified regular expression');
    const log = accountFor(config.llm, prepared.ask, {
      latency: environment.clock.now() - startedAt,
      answer: told,
      usage: undefined,
      payload: { request: prepared.body ?? '', response: bytes.toString('utf8') },
      instance: environment.instance.id,
    });
    return { text: found, log };
  };
}

export function readAnswer(bytes: Buffer): JsonObject | readonly Json[] {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Json;
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new Unsuitable('the answer is not JSON');
}

function proxyFor(url: string, config: OneShotConfig): string | undefined {
  const [host, port] = url.startsWith('https:')
    ? [config.https_proxy_host, config.https_proxy_port]
    : [config.http_proxy_host, config.http_proxy_port];
  return host === null || port === null ? undefined : `http://${host}:${port}`;
}
