// ai-request-transformer at work: the model's answer is the body that goes upstream.
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { Unsuitable } from '../shared/ai/driver.ts';
import { createOneShot } from '../shared/ai/one-shot.ts';
import { aiError } from '../shared/ai/request.ts';
import type { schema } from './schema.ts';

export function create(config: PluginConfig<typeof schema>, environment: Environment): Phases {
  const ask = createOneShot(config, environment);
  const limit = config.max_request_body_size ?? 8192;
  const tooLarge = aiError(400, 'failed to introspect request with AI service: the request body is too large');
  return {
    async access(exchange) {
      const body = await exchange.request.body(limit);
      if (body === undefined) return tooLarge;
      try {
        const { text, log } = await ask(exchange.request, body.toString('utf8'));
        exchange.upstream.setBody(text);
        if (log !== undefined) exchange.setLogValue('ai.ai-request-transformer', log);
        return undefined;
      } catch (problem) {
        environment.log.warn(`the model did not answer: ${String(problem)}`, { request_id: exchange.request.id });
        const reason = problem instanceof Unsuitable ? problem.message : 'the request to the model failed';
        return aiError(400, `failed to introspect request with AI service: ${reason}`);
      }
    },
  };
}
