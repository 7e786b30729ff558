// The credential of key-auth: one API key of a consumer.
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';

export const keyauthCredentials = defineEntity({
  name: 'keyauth_credentials',
  describes: 'API key',
  primary_key: ['id'],
  endpoint_key: 'key',
  admin_api_name: 'key-auths',
  admin_api_nested_name: 'key-auth',
  cache_key: ['key'],
  ttl: true,
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    key: {
      type: 'string',
      auto: true,
      unique: true,
      encrypted: true,
      description: 'The key; made when it is absent.',
    },
    tags,
  },
  deck: {
    kind: 'key-auth',
    requires: ['key'],
    label: { fields: ['key'], tail: 5, for: ['consumer'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});
