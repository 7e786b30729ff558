// The credential of basic-auth: a name and a password of a consumer. Only a hash of the password is kept.
import type { JsonObject } from '../../lib/json.ts';
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';
import { hashPassword } from './password.ts';

export const basicauthCredentials = defineEntity({
  name: 'basicauth_credentials',
  describes: 'user and password',
  primary_key: ['id'],
  endpoint_key: 'username',
  admin_api_name: 'basic-auths',
  admin_api_nested_name: 'basic-auth',
  cache_key: ['username'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    username: { type: 'string', required: true, unique: true, description: 'Name to log in with.' },
    password: {
      type: 'string',
      required: true,
      encrypted: true,
      hashed: true,
      is_hash_of: isHashOf,
      description: 'Password in clear when written; reads show its hash.',
    },
    tags,
  },
  transformations: [
    {
      input: ['password'],
      needs: ['consumer.id'],
      on_write: (entity) => ({
        password: hashPassword(entity['password'] as string, (entity['consumer'] as JsonObject)['id'] as string),
      }),
    },
  ],
  deck: {
    kind: 'basic-auth',
    label: { fields: ['username'], for: ['consumer'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});

/** A hash in the place of a password comes from a dump: whose it is cannot be told, unless it is the stored one. */
function isHashOf(stored: string, written: string, entity: JsonObject): boolean | undefined {
  if (stored === written) return true;
  const consumer = entity['consumer'] as JsonObject | null;
  if (!IS_HASH.test(stored) || typeof consumer?.['id'] !== 'string') return undefined;
  return hashPassword(written, consumer['id']) === stored || (IS_HASH.test(written) ? undefined : false);
}

const IS_HASH = /^[0-9a-f]{40}$/;
