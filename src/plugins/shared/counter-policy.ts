// Where limits are counted. Counters in the database need one: a node without does not offer them.

export const policy = {
  type: 'string',
  default: 'local',
  one_of: ['local', 'cluster', 'redis'],
  description: 'Where counters are kept.',
} as const;

export const policyWithoutDatabase = { ...policy, one_of: ['local', 'redis'] } as const;
