// What oauth2 stores: the clients, and the codes and tokens it gave them.
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';
import { hashSecret, isHashOf } from './secret.ts';

export const oauth2Credentials = defineEntity({
  name: 'oauth2_credentials',
  describes: 'OAuth 2 client',
  primary_key: ['id'],
  endpoint_key: 'client_id',
  admin_api_name: 'oauth2',
  admin_api_nested_name: 'oauth2',
  cache_key: ['client_id'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    name: { type: 'string', required: true, description: 'Name of the application.' },
    client_id: {
      type: 'string',
      auto: true,
      unique: true,
      description: 'Public name of the client; made when it is absent.',
    },
    client_secret: {
      type: 'string',
      auto: true,
      encrypted: true,
      hashed: { when: 'hash_secret' },
      is_hash_of: isHashOf,
      description: 'Secret of the client; made when it is absent.',
    },
    hash_secret: {
      type: 'boolean',
      required: true,
      default: false,
      description: 'Keep only a hash of the secret.',
    },
    redirect_uris: {
      type: 'array',
      elements: { type: 'string', custom_validator: checkRedirectUri },
      description: 'Where users may be sent back to.',
    },
    tags,
    client_type: {
      type: 'string',
      required: true,
      default: 'confidential',
      one_of: ['confidential', 'public'],
      description: 'Says whether the client can keep a secret.',
    },
  },
  transformations: [
    {
      input: ['hash_secret'],
      needs: ['client_secret'],
      on_write: (entity) =>
        entity['hash_secret'] === true ? { client_secret: hashSecret(entity['client_secret'] as string) } : {},
    },
  ],
  deck: {
    kind: 'oauth2-cred',
    requires: ['client_id', 'client_secret'],
    label: { fields: ['client_id'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});

function checkRedirectUri(uri: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]/.test(uri)) return `cannot parse '${uri}'`;
  return uri.includes('#') ? `fragment not allowed in '${uri}'` : undefined;
}

const service = {
  type: 'foreign',
  reference: 'services',
  default: null,
  on_delete: 'cascade',
  description: 'Service it was given for; none with global credentials.',
} as const;

const credential = {
  type: 'foreign',
  reference: 'oauth2_credentials',
  required: true,
  on_delete: 'cascade',
  description: 'Client it was given to.',
} as const;

const userId = { type: 'string', description: 'User that allowed it.' } as const;
const scope = { type: 'string', description: 'Scopes that were granted, separated by spaces.' } as const;

export const oauth2AuthorizationCodes = defineEntity({
  name: 'oauth2_authorization_codes',
  describes: 'issued codes',
  primary_key: ['id'],
  generate_admin_api: false,
  db_export: false,
  ttl: true,
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    service,
    credential,
    code: { type: 'string', auto: true, unique: true, encrypted: true, description: 'The code; used once.' },
    authenticated_userid: userId,
    scope,
    challenge: { type: 'string', description: 'PKCE challenge of the client.' },
    challenge_method: { type: 'string', one_of: ['S256'], description: 'How the challenge was made.' },
    plugin: {
      type: 'foreign',
      reference: 'plugins',
      default: null,
      on_delete: 'cascade',
      description: 'Plugin that gave it.',
    },
  },
});

export const oauth2Tokens = defineEntity({
  name: 'oauth2_tokens',
  describes: 'issued tokens',
  primary_key: ['id'],
  endpoint_key: 'access_token',
  cache_key: ['access_token'],
  ttl: true,
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    service,
    credential,
    token_type: {
      type: 'string',
      required: true,
      default: 'bearer',
      one_of: ['bearer'],
      description: 'Kind of the token.',
    },
    expires_in: { type: 'integer', required: true, description: 'Seconds that the access token lives.' },
    access_token: {
      type: 'string',
      auto: true,
      unique: true,
      encrypted: true,
      description: 'The access token; made when it is absent.',
    },
    refresh_token: {
      type: 'string',
      unique: true,
      encrypted: true,
      description: 'Token that buys a new access token.',
    },
    authenticated_userid: userId,
    scope,
  },
});
