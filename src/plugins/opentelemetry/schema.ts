// Configuration of opentelemetry.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { headerName, pluginProtocolsHttp, timeout } from '../../schema/typedefs.ts';
import { deprecated, deprecatedDefault } from '../shared/deprecated.ts';
import { headerTypeDeprecation, propagation } from '../shared/propagation.ts';
import { queue } from '../shared/queue.ts';
import { url } from '../shared/url.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        traces_endpoint: { ...url, referenceable: true, description: 'OTLP/HTTP address that traces are sent to.' },
        logs_endpoint: { ...url, referenceable: true, description: 'OTLP/HTTP address that logs are sent to.' },
        headers: {
          type: 'map',
          keys: headerName,
          values: { type: 'string', referenceable: true, encrypted: true },
          description: 'Headers of the export requests.',
        },
        resource_attributes: {
          type: 'map',
          keys: { type: 'string' },
          values: { type: 'string' },
          description: 'Attributes of the resource; values may be templates.',
        },
        queue: { ...queue, default: { max_batch_size: 200 } },
        batch_span_count: {
          type: 'integer',
          deprecation: deprecatedDefault(
            'opentelemetry: config.batch_span_count is deprecated, please use config.queue.max_batch_size instead',
            200,
          ),
          description: 'Former name of queue.max_batch_size.',
        },
        batch_flush_delay: {
          type: 'integer',
          deprecation: deprecatedDefault(
            'opentelemetry: config.batch_flush_delay is deprecated, please use config.queue.max_coalescing_delay instead',
            3,
          ),
          description: 'Former name of queue.max_coalescing_delay.',
        },
        connect_timeout: { ...timeout, default: 1000, description: 'Milliseconds to connect to the collector.' },
        send_timeout: { ...timeout, default: 5000, description: 'Milliseconds between two writes to the collector.' },
        read_timeout: { ...timeout, default: 5000, description: 'Milliseconds between two reads from the collector.' },
        http_response_header_for_traceid: {
          type: 'string',
          description: 'Response header that tells the client the trace id.',
        },
        header_type: {
          type: 'string',
          default: 'preserve',
          one_of: ['preserve', 'ignore', 'b3', 'b3-single', 'w3c', 'jaeger', 'ot', 'aws', 'gcp', 'datadog', 'instana'],
          deprecation: headerTypeDeprecation('opentelemetry'),
          description: 'Former way to choose the trace header.',
        },
        sampling_rate: {
          type: 'number',
          between: [0, 1],
          description: "Share of requests to trace, in place of the node's tracing_sampling_rate.",
        },
        propagation: propagation('w3c'),
      },
      shorthand_fields: {
        endpoint: {
          type: 'string',
          deprecation: deprecated(
            'OpenTelemetry: config.endpoint is deprecated, please use config.traces_endpoint instead',
          ),
          // The new name wins where both are given.
          expand: (value: Json, config: JsonObject): JsonObject =>
            (config['traces_endpoint'] ?? null) === null ? { traces_endpoint: value } : {},
        },
      },
      entity_checks: [{ check: 'at_least_one_of', fields: ['traces_endpoint', 'logs_endpoint'] }],
    },
  },
} as const satisfies Subschema;
