// The credential of hmac-auth: a name and a shared secret of a consumer.
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';

export const hmacauthCredentials = defineEntity({
  name: 'hmacauth_credentials',
  describes: 'HMAC user and secret',
  primary_key: ['id'],
  endpoint_key: 'username',
  admin_api_name: 'hmac-auths',
  admin_api_nested_name: 'hmac-auth',
  cache_key: ['username'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    username: { type: 'string', required: true, unique: true, description: 'Name that signatures are made under.' },
    secret: {
      type: 'string',
      auto: true,
      encrypted: true,
      description: 'Key that signatures are made with; made when it is absent.',
    },
    tags,
  },
  deck: {
    kind: 'hmac-auth',
    requires: ['secret'],
    label: { fields: ['username'], for: ['consumer'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});
