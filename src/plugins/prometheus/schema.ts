// Configuration of prometheus.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';

const metrics = (description: string) => ({ type: 'boolean', default: false, description }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        per_consumer: metrics('Name the consumer in the metrics.'),
        status_code_metrics: metrics('Count requests by status.'),
        ai_metrics: metrics('Measure requests to language models.'),
        latency_metrics: metrics('Measure how long requests take.'),
        bandwidth_metrics: metrics('Count the bytes of requests and responses.'),
        upstream_health_metrics: metrics('Show the health of upstream targets.'),
        wasm_metrics: metrics('Show what WebAssembly filters measure.'),
      },
    },
  },
} as const satisfies Subschema;
