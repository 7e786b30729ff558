// Configuration of acme.
import type { Subschema } from '../../schema/define.ts';
import { host, noConsumer, noRoute, noService, pluginProtocolsHttp, port } from '../../schema/typedefs.ts';
import { url } from '../shared/url.ts';
import { domains, redisStorage } from './storage.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org';
const LETS_ENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org';

const remote = {
  https: { type: 'boolean', default: false, description: 'Connect over TLS.' },
  host: { ...host, description: 'Host name or address of the server.' },
  port: { ...port, description: 'Port of the server.' },
  kv_path: { type: 'string', description: 'Path that keys are stored below.' },
  timeout: { type: 'number', description: 'Milliseconds to wait for the server.' },
  token: { type: 'string', referenceable: true, encrypted: true, description: 'Access token.' },
} as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    service: noService,
    route: noRoute,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        account_email: {
          type: 'string',
          required: true,
          match: /[A-Za-z0-9]*[!-/:-@[-`{-~]*@+[A-Za-z0-9]*\.?[A-Za-z0-9]*/,
          referenceable: true,
          encrypted: true,
          description: 'Contact address of the ACME account.',
        },
        account_key: {
          type: 'record',
          description: 'Stored key of the account; one is made when it is absent.',
          fields: {
            key_id: { type: 'string', required: true, description: 'Its key id.' },
            key_set: { type: 'string', description: 'Name of the key set it is in.' },
          },
        },
        api_uri: { ...url, default: `${LETS_ENCRYPT}/directory`, description: 'Directory URL of the authority.' },
        tos_accepted: {
          type: 'boolean',
          default: false,
          description: 'The terms of service are accepted; Let’s Encrypt needs it.',
        },
        eab_kid: {
          type: 'string',
          referenceable: true,
          encrypted: true,
          description: 'Key id of the external account binding.',
        },
        eab_hmac_key: {
          type: 'string',
          referenceable: true,
          encrypted: true,
          description: 'Key of the external account binding, in base64url.',
        },
        cert_type: {
          type: 'string',
          default: 'rsa',
          one_of: ['rsa', 'ecc'],
          description: 'Kind of the keys of certificates.',
        },
        rsa_key_size: {
          type: 'number',
          default: 4096,
          one_of: [2048, 3072, 4096],
          description: 'Bits of RSA keys.',
        },
        renew_threshold_days: { type: 'number', default: 14, description: 'Days before expiry at which to renew.' },
        domains,
        allow_any_domain: {
          type: 'boolean',
          default: false,
          description: 'Serve every host, whatever `domains` lists.',
        },
        fail_backoff_minutes: {
          type: 'number',
          default: 5,
          description: 'Minutes to leave a host alone after a failure.',
        },
        storage: {
          type: 'string',
          default: 'shm',
          one_of: ['kong', 'shm', 'redis', 'consul', 'vault'],
          description: 'Where keys, challenges and certificates are kept.',
        },
        storage_config: {
          type: 'record',
          required: true,
          description: 'Settings of each storage; only those of `storage` are used.',
          fields: {
            shm: {
              type: 'record',
              required: true,
              description: 'Memory of this gateway.',
              fields: { shm_name: { type: 'string', default: 'kong', description: 'Name of the memory zone.' } },
            },
            kong: { type: 'record', required: true, description: 'Entities of the gateway.', fields: {} },
            redis: redisStorage,
            consul: { type: 'record', required: true, description: 'Key-value store of Consul.', fields: remote },
            vault: {
              type: 'record',
              required: true,
              description: 'Key-value store of HashiCorp Vault.',
              fields: {
                ...remote,
                tls_verify: { type: 'boolean', default: true, description: 'Verify the certificate of the server.' },
                tls_server_name: { type: 'string', description: 'Server name to ask for.' },
                auth_method: {
                  type: 'string',
                  default: 'token',
                  one_of: ['token', 'kubernetes'],
                  description: 'How to log in.',
                },
                auth_path: { type: 'string', description: 'Path of the login method.' },
                auth_role: { type: 'string', description: 'Role to log in as.' },
                jwt_path: { type: 'string', description: 'File with the token of the service account.' },
              },
            },
          },
        },
        preferred_chain: { type: 'string', description: 'Issuer whose chain to prefer.' },
        enable_ipv4_common_name: {
          type: 'boolean',
          default: true,
          description: 'Obtain certificates for IPv4 addresses too.',
        },
      },
    },
  },
  entity_checks: [
    {
      check: 'conditional',
      if_field: 'config.api_uri',
      if_match: { one_of: [LETS_ENCRYPT, LETS_ENCRYPT_STAGING] },
      then_field: 'config.tos_accepted',
      then_match: { eq: true },
      then_err: 'terms of service must be accepted, see https://letsencrypt.org/repository/',
    },
    {
      check: 'conditional',
      if_field: 'config.storage',
      if_match: { eq: 'redis' },
      then_field: 'config.storage_config.redis.host',
      then_match: { required: true },
    },
    {
      check: 'conditional',
      if_field: 'config.storage',
      if_match: { eq: 'redis' },
      then_field: 'config.storage_config.redis.port',
      then_match: { required: true },
    },
  ],
} as const satisfies Subschema;
