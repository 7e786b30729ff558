// What the log record tells of a model's work: who answered, how long it took, and what it cost.
import type { JsonObject } from '../../../lib/json.ts';
import { type Ask, type ModelSettings, number, object, type Usage } from './driver.ts';

export interface Work {
  /** Milliseconds. */
  readonly latency: number;
  /** In the form of OpenAI. */
  readonly answer: JsonObject;
  /** As far as it is known apart from the answer. */
  readonly usage: Partial<Usage> | undefined;
  readonly payload: { readonly request: string; readonly response: string };
  readonly instance: string;
}

const MILLION = 1_000_000;

/** Undefined where nothing is to be told. */
export function accountFor({ model, logging }: ModelSettings, ask: Ask, work: Work): JsonObject | undefined {
  const { log_statistics, log_payloads } = logging;
  if (!log_statistics && !log_payloads) return undefined;
  return {
    ...(log_statistics ? statistics(model, ask, work) : {}),
    ...(log_payloads ? { payload: { ...work.payload } } : {}),
  };
}

function statistics(model: ModelSettings['model'], ask: Ask, work: Work): JsonObject {
  const counted = object(work.answer['usage']);
  const prompt = work.usage?.prompt ?? number(counted['prompt_tokens']);
  const completion = work.usage?.completion ?? number(counted['completion_tokens']);
  const { input_cost, output_cost } = ask.options;
  const cost =
    input_cost == null || output_cost == null ? 0 : (prompt * input_cost + completion * output_cost) / MILLION;
  return {
    meta: {
      plugin_id: work.instance,
      provider_name: model.provider,
      request_model: ask.name,
      response_model: typeof work.answer['model'] === 'string' ? work.answer['model'] : ask.name,
      llm_latency: work.latency,
    },
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      time_per_token: completion === 0 ? 0 : work.latency / completion,
      cost,
    },
  };
}
