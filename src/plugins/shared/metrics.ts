// What the plugins that send metrics in the StatsD format have in common: identifiers and the rule about sample rates.
import type { EntityCheck } from '../../schema/define.ts';

export const consumerIdentifier = {
  type: 'string',
  one_of: ['consumer_id', 'custom_id', 'username'],
} as const;

/** The rate is part of what a counter and a gauge send. */
export const rateRequired: EntityCheck = {
  check: 'conditional',
  if_field: 'stat_type',
  if_match: { one_of: ['counter', 'gauge'] },
  then_field: 'sample_rate',
  then_match: { required: true },
};
