// Configuration of zipkin.
import { isObject, type Json } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols, timeout } from '../../schema/typedefs.ts';
import { deprecatedDefault } from '../shared/deprecated.ts';
import { headerTypeDeprecation, propagation } from '../shared/propagation.ts';
import { queue } from '../shared/queue.ts';
import { url } from '../shared/url.ts';

/** Tags that the plugin sets itself. */
const OWN_TAGS = [
  'error',
  'http.method',
  'http.path',
  'http.status_code',
  'kong.balancer.state',
  'kong.balancer.try',
  'kong.consumer',
  'kong.credential',
  'kong.node.id',
  'kong.route',
  'kong.service',
  'lc',
  'peer.hostname',
] as const;

function checkTags(tags: Json[]): string | undefined {
  const seen = new Set<Json>();
  for (const tag of tags) {
    const name = isObject(tag) ? (tag['name'] ?? null) : null;
    if (seen.has(name)) return `repeated tags are not allowed: ${String(name)}`;
    seen.add(name);
  }
  return undefined;
}

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        local_service_name: {
          type: 'string',
          required: true,
          default: 'kong',
          description: 'Name of the gateway in spans.',
        },
        http_endpoint: { ...url, description: 'Collector that spans are posted to; without one headers still go on.' },
        sample_ratio: {
          type: 'number',
          default: 0.001,
          between: [0, 1],
          description: 'Share of requests to trace when the client did not decide.',
        },
        default_service_name: { type: 'string', description: 'Name of the remote end where no service is known.' },
        include_credential: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Put the id of the credential into a tag.',
        },
        traceid_byte_count: {
          type: 'integer',
          required: true,
          default: 16,
          one_of: [8, 16],
          description: 'Length of new trace ids in bytes.',
        },
        header_type: {
          type: 'string',
          required: true,
          default: 'preserve',
          one_of: ['preserve', 'ignore', 'b3', 'b3-single', 'w3c', 'jaeger', 'ot', 'aws', 'datadog', 'gcp', 'instana'],
          deprecation: headerTypeDeprecation('zipkin'),
          description: 'Former way to choose the trace header.',
        },
        default_header_type: {
          type: 'string',
          required: true,
          default: 'b3',
          one_of: ['b3', 'b3-single', 'w3c', 'jaeger', 'ot', 'aws', 'datadog', 'gcp', 'instana'],
          deprecation: deprecatedDefault(
            'zipkin: config.default_header_type is deprecated, please use config.propagation.default_format instead',
            'b3',
          ),
          description: 'Former name of propagation.default_format.',
        },
        tags_header: {
          type: 'string',
          required: true,
          default: 'Zipkin-Tags',
          description: 'Request header with further tags, as name=value pairs.',
        },
        static_tags: {
          type: 'array',
          custom_validator: checkTags,
          elements: {
            type: 'record',
            fields: {
              name: { type: 'string', required: true, not_one_of: OWN_TAGS, description: 'Name of the tag.' },
              value: { type: 'string', required: true, description: 'Value of the tag.' },
            },
          },
          description: 'Tags of every request span.',
        },
        http_span_name: {
          type: 'string',
          required: true,
          default: 'method',
          one_of: ['method', 'method_path'],
          description: 'Name of the request span: the method alone or with the path.',
        },
        connect_timeout: { ...timeout, default: 2000, description: 'Milliseconds to connect to the collector.' },
        send_timeout: { ...timeout, default: 5000, description: 'Milliseconds between two writes to the collector.' },
        read_timeout: { ...timeout, default: 5000, description: 'Milliseconds between two reads from the collector.' },
        http_response_header_for_traceid: {
          type: 'string',
          description: 'Response header that tells the client the trace id.',
        },
        phase_duration_flavor: {
          type: 'string',
          required: true,
          default: 'annotations',
          one_of: ['annotations', 'tags'],
          description: 'How the duration of phases is written.',
        },
        queue,
        propagation: propagation('b3'),
      },
    },
  },
} as const satisfies Subschema;
