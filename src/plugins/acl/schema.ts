// Configuration of acl.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';

const groups = { type: 'array', elements: { type: 'string' } } as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        allow: { ...groups, description: 'Groups whose members may pass; excludes `deny`.' },
        deny: { ...groups, description: 'Groups whose members may not pass; excludes `allow`.' },
        hide_groups_header: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Do not tell the upstream which groups the consumer is in.',
        },
        always_use_authenticated_groups: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Prefer the groups that an authentication plugin found over those of the consumer.',
        },
      },
    },
  },
  entity_checks: [
    { check: 'only_one_of', fields: ['config.allow', 'config.deny'] },
    { check: 'at_least_one_of', fields: ['config.allow', 'config.deny'] },
  ],
} as const satisfies Subschema;
