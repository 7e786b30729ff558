// Configuration of oauth2.
import type { JsonObject } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { anonymous, hideCredentials, realm } from '../shared/authentication-fields.ts';

const GRANTS = [
  'enable_authorization_code',
  'enable_implicit_grant',
  'enable_client_credentials',
  'enable_password_grant',
] as const;

const allows = (grant: string) =>
  ({ type: 'boolean', required: true, default: false, description: `Allow the ${grant} grant.` }) as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      custom_validator: checkGrants,
      fields: {
        scopes: { type: 'array', elements: { type: 'string' }, description: 'Scopes that may be granted.' },
        mandatory_scope: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Refuse clients that ask for no scope.',
        },
        provision_key: {
          type: 'string',
          required: true,
          auto: true,
          unique: true,
          encrypted: true,
          description: 'Secret of the application that authenticates users; made when it is absent.',
        },
        token_expiration: {
          type: 'number',
          required: true,
          default: 7200,
          description: 'Seconds that an access token lives; 0 means for ever.',
        },
        enable_authorization_code: allows('authorization code'),
        enable_implicit_grant: allows('implicit'),
        enable_client_credentials: allows('client credentials'),
        enable_password_grant: allows('resource owner password'),
        hide_credentials: hideCredentials,
        accept_http_if_already_terminated: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Trust a proxy in front that says it ended TLS.',
        },
        anonymous,
        global_credentials: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Tokens are good for every service whose plugin has this on.',
        },
        auth_header_name: {
          type: 'string',
          default: 'authorization',
          description: 'Header that carries the access token.',
        },
        refresh_token_ttl: {
          type: 'number',
          required: true,
          default: 1209600,
          between: [0, 100000000],
          description: 'Seconds that a refresh token lives; 0 means for ever.',
        },
        reuse_refresh_token: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Keep the refresh token when it is used.',
        },
        pkce: {
          type: 'string',
          default: 'lax',
          one_of: ['none', 'lax', 'strict'],
          description: 'Which clients must prove possession of the code (PKCE): no, public or all.',
        },
        realm,
      },
      entity_checks: [
        {
          check: 'conditional',
          if_field: 'mandatory_scope',
          if_match: { eq: true },
          then_field: 'scopes',
          then_match: { required: true },
        },
      ],
    },
  },
} as const satisfies Subschema;

function checkGrants(config: JsonObject): string | undefined {
  if (GRANTS.some((grant) => config[grant] === true)) return undefined;
  return `at least one of these fields must be true: ${GRANTS.join(', ')}`;
}
