// Configuration of statsd.
import type { Subschema } from '../../schema/define.ts';
import { host, pluginProtocols, port } from '../../schema/typedefs.ts';
import { consumerIdentifier, rateRequired } from '../shared/metrics.ts';
import { legacyQueueFields, queue } from '../shared/queue.ts';

const serviceIdentifier = {
  type: 'string',
  one_of: ['service_id', 'service_name', 'service_host', 'service_name_or_host'],
} as const;
const workspaceIdentifier = { type: 'string', one_of: ['workspace_id', 'workspace_name'] } as const;

const counter = <const N extends string>(name: N) => ({ name, sample_rate: 1, stat_type: 'counter' }) as const;
const timer = <const N extends string>(name: N) => ({ name, stat_type: 'timer' }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        host: { ...host, default: 'localhost', description: 'Host of the StatsD server.' },
        port: { ...port, default: 8125, description: 'Port of the StatsD server.' },
        prefix: { type: 'string', default: 'kong', description: 'First part of every name.' },
        metrics: {
          type: 'array',
          default: [
            counter('request_count'),
            timer('latency'),
            counter('request_size'),
            counter('status_count'),
            counter('response_size'),
            { name: 'unique_users', stat_type: 'set' },
            counter('request_per_user'),
            timer('upstream_latency'),
            timer('kong_latency'),
            counter('status_count_per_user'),
            counter('status_count_per_workspace'),
            counter('status_count_per_user_per_route'),
            { name: 'shdict_usage', sample_rate: 1, stat_type: 'gauge' },
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
                  'request_per_user',
                  'request_size',
                  'response_size',
                  'status_count',
                  'status_count_per_user',
                  'unique_users',
                  'upstream_latency',
                  'status_count_per_workspace',
                  'status_count_per_user_per_route',
                  'shdict_usage',
                ],
                description: 'What is measured.',
              },
              stat_type: {
                type: 'string',
                required: true,
                one_of: ['counter', 'gauge', 'histogram', 'meter', 'set', 'timer'],
                description: 'StatsD type of the metric.',
              },
              sample_rate: {
                type: 'number',
                gt: 0,
                description: 'Rate announced to the server; every request is sent.',
              },
              consumer_identifier: { ...consumerIdentifier, description: 'What stands for the consumer.' },
              service_identifier: { ...serviceIdentifier, description: 'What stands for the service.' },
              workspace_identifier: { ...workspaceIdentifier, description: 'What stands for the workspace.' },
            },
            entity_checks: [rateRequired],
          },
          description: 'Metrics sent for every request.',
        },
        allow_status_codes: {
          type: 'array',
          elements: { type: 'string', match: /^[0-9]+-[0-9]+$/ },
          description: 'Ranges of response statuses to measure, such as 200-299; all when unset.',
        },
        udp_packet_size: {
          type: 'number',
          default: 0,
          between: [0, 65_507],
          description: 'Bytes up to which lines share a datagram; 0 sends each line alone.',
        },
        use_tcp: { type: 'boolean', default: false, description: 'Send over TCP.' },
        hostname_in_prefix: {
          type: 'boolean',
          default: false,
          description: 'Put the name of the node after the prefix.',
        },
        consumer_identifier_default: {
          ...consumerIdentifier,
          required: true,
          default: 'custom_id',
          description: 'What stands for the consumer in metrics that do not say.',
        },
        service_identifier_default: {
          ...serviceIdentifier,
          required: true,
          default: 'service_name_or_host',
          description: 'What stands for the service in metrics that do not say.',
        },
        workspace_identifier_default: {
          ...workspaceIdentifier,
          required: true,
          default: 'workspace_id',
          description: 'What stands for the workspace in metrics that do not say.',
        },
        ...legacyQueueFields('statsd'),
        tag_style: {
          type: 'string',
          one_of: ['dogstatsd', 'influxdb', 'librato', 'signalfx'],
          description: 'Send service, route and the like as tags in this notation, not as parts of the name.',
        },
        queue,
      },
    },
  },
} as const satisfies Subschema;
