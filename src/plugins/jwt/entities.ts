// The credential of jwt: a key name of a consumer, with the secret or public key that tokens are verified by.
import { defineEntity } from '../../schema/define.ts';
import { parsePublicKey } from '../../schema/pem.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';

const checkPublicKey = (pem: string): string | undefined => (parsePublicKey(pem).ok ? undefined : 'invalid key');

/** The schema asks for a public key where it can be checked; those of ES algorithms are looked at when they are used. */
const WITH_PUBLIC_KEY = [/^RS256$/, /^RS384$/, /^RS512$/, /^PS256$/, /^PS384$/, /^PS512$/, /^EdDSA$/] as const;

export const jwtSecrets = defineEntity({
  name: 'jwt_secrets',
  describes: 'JWT key/secret',
  primary_key: ['id'],
  endpoint_key: 'key',
  admin_api_name: 'jwts',
  admin_api_nested_name: 'jwt',
  cache_key: ['key'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    key: {
      type: 'string',
      auto: true,
      unique: true,
      description: 'Name of the credential, as tokens give it in a claim; made when it is absent.',
    },
    secret: {
      type: 'string',
      auto: true,
      encrypted: true,
      description: 'Key of HS algorithms; made when it is absent.',
    },
    rsa_public_key: { type: 'string', description: 'Public key of all other algorithms, in PEM.' },
    algorithm: {
      type: 'string',
      default: 'HS256',
      one_of: [
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'ES256',
        'ES384',
        'ES512',
        'PS256',
        'PS384',
        'PS512',
        'EdDSA',
      ],
      description: 'Algorithm that tokens must be signed with.',
    },
    tags,
  },
  entity_checks: [
    {
      check: 'conditional',
      if_field: 'algorithm',
      if_match: { match_any: { patterns: WITH_PUBLIC_KEY } },
      then_field: 'rsa_public_key',
      then_match: { required: true, custom_validator: checkPublicKey },
    },
  ],
  deck: {
    kind: 'jwt-auth',
    requires: ['key', 'secret', 'algorithm'],
    label: { fields: ['key'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});
