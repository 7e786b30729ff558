// Configuration of mtls-auth.
import type { Subschema } from '../../schema/define.ts';
import { host, noConsumer, pluginProtocolsHttp, port, uuidText } from '../../schema/typedefs.ts';
import { anonymous } from '../shared/authentication-fields.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        anonymous,
        ca_certificates: {
          type: 'array',
          required: true,
          len_min: 1,
          elements: uuidText,
          description: 'Ids of the CA certificates that are trusted to name callers.',
        },
        consumer_by: {
          type: 'array',
          default: ['username', 'custom_id'],
          elements: { type: 'string', one_of: ['username', 'custom_id'] },
          description: 'What of a consumer is compared with the names, after the credentials; empty for nothing.',
        },
        skip_consumer_lookup: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Look for no consumer: the names go upstream and to acl.',
        },
        default_consumer: {
          type: 'string',
          description: 'Consumer (id or username) for trusted certificates whose names are nobody.',
        },
        authenticated_group_by: {
          type: 'string',
          default: 'CN',
          one_of: ['CN', 'DN'],
          description: 'With `skip_consumer_lookup`: what of the subject is the group that acl decides by.',
        },
        allow_partial_chain: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Trust a CA certificate that is not self-signed without the one above it.',
        },
        send_ca_dn: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Tell clients the names of the CA certificates in the handshake.',
        },
        revocation_check_mode: {
          type: 'string',
          required: false,
          default: 'IGNORE_CA_ERROR',
          one_of: ['SKIP', 'IGNORE_CA_ERROR', 'STRICT'],
          description:
            'Whether revoked certificates are looked for: `SKIP` not at all, `IGNORE_CA_ERROR` as far as the authority tells, `STRICT` also refuses what it does not tell about.',
        },
        http_timeout: {
          type: 'number',
          default: 30000,
          description: 'Milliseconds to wait for an OCSP responder or a revocation list.',
        },
        cert_cache_ttl: {
          type: 'number',
          default: 60000,
          description: 'Milliseconds after which an authority is asked again about revocation.',
        },
        http_proxy_host: { ...host, description: 'HTTP proxy on the way to addresses with `http`.' },
        http_proxy_port: { ...port, description: 'Its port.' },
        https_proxy_host: { ...host, description: 'HTTP proxy on the way to addresses with `https`.' },
        https_proxy_port: { ...port, description: 'Its port.' },
        cache_ttl: {
          type: 'number',
          required: true,
          default: 60,
          description: 'Seconds for which credentials are remembered; has no effect, changes count at once.',
        },
      },
      entity_checks: [
        { check: 'mutually_required', fields: ['http_proxy_host', 'http_proxy_port'] },
        { check: 'mutually_required', fields: ['https_proxy_host', 'https_proxy_port'] },
      ],
    },
  },
} as const satisfies Subschema;
