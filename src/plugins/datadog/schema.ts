// Configuration of datadog.
import type { Subschema } from '../../schema/define.ts';
import { host, pluginProtocols, port } from '../../schema/typedefs.ts';
import { consumerIdentifier, rateRequired } from '../shared/metrics.ts';
import { legacyQueueFields, queue } from '../shared/queue.ts';

const TAGS = ['app:kong'] as const;
const timer = <const N extends string>(name: N) =>
  ({ name, consumer_identifier: 'custom_id', stat_type: 'timer', tags: TAGS }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        host: { ...host, default: 'localhost', referenceable: true, description: 'Host of the Datadog agent.' },
        port: { ...port, default: 8125, description: 'Port of the Datadog agent.' },
        prefix: { type: 'string', default: 'kong', description: 'First part of every name.' },
        service_name_tag: { type: 'string', default: 'name', description: 'Tag with the name of the service.' },
        status_tag: { type: 'string', default: 'status', description: 'Tag with the status of the response.' },
        consumer_tag: { type: 'string', default: 'consumer', description: 'Tag with the consumer.' },
        ...legacyQueueFields('datadog'),
        queue,
        metrics: {
          type: 'array',
          required: true,
          default: [
            {
              name: 'request_count',
              consumer_identifier: 'custom_id',
              sample_rate: 1,
              stat_type: 'counter',
              tags: TAGS,
            },
            timer('latency'),
            timer('request_size'),
            timer('response_size'),
            timer('upstream_latency'),
            timer('kong_latency'),
          ],
          elements: {
            type: 'record',
            fields: {
              name: {
                type: 'string',
                required: true,
                one_of: [
                  'kong_latency',
                  'latency',
                  'request_count',
                  'request_size',
                  'response_size',
                  'upstream_latency',
                ],
                description: 'What is measured.',
              },
              stat_type: {
                type: 'string',
                required: true,
                one_of: ['counter', 'gauge', 'histogram', 'meter', 'set', 'timer', 'distribution'],
                description: 'DogStatsD type of the metric.',
              },
              tags: {
                type: 'array',
                elements: { type: 'string', match: /^[\s\S]*[^:]$/ },
                description: 'Further tags, as name:value or name.',
              },
              sample_rate: {
                type: 'number',
                between: [0, 1],
                description: 'Rate announced to the agent; every request is sent.',
              },
              consumer_identifier: { ...consumerIdentifier, description: 'What stands for the consumer in its tag.' },
            },
            entity_checks: [rateRequired],
          },
          description: 'Metrics sent for every request.',
        },
      },
    },
  },
} as const satisfies Subschema;
