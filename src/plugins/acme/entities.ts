// The key-value storage of acme with `storage: kong`.
import { defineEntity } from '../../schema/define.ts';
import { timestampSeconds, uuid } from '../../schema/typedefs.ts';

export const acmeStorage = defineEntity({
  name: 'acme_storage',
  describes: 'ACME key/value storage',
  primary_key: ['id'],
  cache_key: ['key'],
  ttl: true,
  workspaceable: false,
  fields: {
    id: uuid,
    key: { type: 'string', required: true, auto: true, unique: true, description: 'Name of the value.' },
    value: {
      type: 'string',
      required: true,
      auto: true,
      encrypted: true,
      description: 'What is stored: a key, a challenge or a certificate.',
    },
    created_at: timestampSeconds,
  },
});
