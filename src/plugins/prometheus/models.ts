// Counts and measures what language models did for a request, as far as the plugins that asked them put it into the log
// record: they do where their `log_statistics` is on.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { LogExchange, Metrics } from '../../pdk/index.ts';
import { textOf, WORKSPACE } from './families.ts';

const LABELS = ['ai_provider', 'ai_model', 'cache_status', 'vector_db', 'embeddings_provider', 'embeddings_model'];
const BUCKETS = [250, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 10000, 30000, 60000];
const TOKENS = ['prompt_tokens', 'completion_tokens', 'total_tokens'];

export function createModelRecorder(metrics: Metrics): (exchange: LogExchange) => void {
  const labels = [...LABELS, 'workspace'];
  const requests = metrics.counter({ name: 'kong_ai_llm_requests_total', help: 'Requests to models.', labels });
  const cost = metrics.counter({ name: 'kong_ai_llm_cost_total', help: 'What they cost.', labels });
  const tokens = metrics.counter({
    name: 'kong_ai_llm_tokens_total',
    help: 'Tokens of questions and answers.',
    labels: [...LABELS, 'token_type', 'workspace'],
  });
  const latency = metrics.histogram({
    name: 'kong_ai_llm_provider_latency_ms',
    help: 'Milliseconds that models took.',
    labels,
    buckets: BUCKETS,
  });
  return (exchange) => {
    for (const { meta, usage } of worksIn(exchange.logRecord()['ai'])) {
      // No answers are cached, so nothing is known of the other four.
      const model = [textOf(meta['provider_name']), textOf(meta['request_model']), '', '', '', ''];
      requests.series(...model, WORKSPACE).add(1);
      cost.series(...model, WORKSPACE).add(amount(usage['cost']));
      latency.series(...model, WORKSPACE).observe(amount(meta['llm_latency']));
      for (const type of TOKENS) tokens.series(...model, type, WORKSPACE).add(amount(usage[type]));
    }
  };
}

/** One for each plugin that asked a model. */
function worksIn(record: Json | undefined): { readonly meta: JsonObject; readonly usage: JsonObject }[] {
  if (record === undefined || !isObject(record)) return [];
  return Object.values(record).flatMap((work) => {
    if (work === undefined || !isObject(work)) return [];
    const { meta, usage } = work;
    return isObject(meta ?? null) && isObject(usage ?? null)
      ? [{ meta: meta as JsonObject, usage: usage as JsonObject }]
      : [];
  });
}

const amount = (value: Json | undefined): number => (typeof value === 'number' && value > 0 ? value : 0);
