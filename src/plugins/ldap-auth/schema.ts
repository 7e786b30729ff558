// Configuration of ldap-auth.
import type { Subschema } from '../../schema/define.ts';
import { host, noConsumer, pluginProtocolsHttp, port } from '../../schema/typedefs.ts';
import { anonymous, hideCredentials, realm } from '../shared/authentication-fields.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        ldap_host: { ...host, required: true, description: 'Host name or address of the LDAP server.' },
        ldap_port: {
          ...port,
          required: true,
          default: 389,
          description: 'Port of the LDAP server; usually 636 with `ldaps`.',
        },
        ldaps: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Connect over TLS; excludes `start_tls`.',
        },
        start_tls: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Turn to TLS after connecting; excludes `ldaps`.',
        },
        verify_ldap_host: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Verify the certificate of the server.',
        },
        base_dn: { type: 'string', required: true, description: 'Distinguished name below which users are.' },
        attribute: { type: 'string', required: true, description: 'Attribute that holds the user name.' },
        cache_ttl: {
          type: 'number',
          required: true,
          default: 60,
          description: 'Seconds for which a verdict of the server is kept.',
        },
        hide_credentials: hideCredentials,
        timeout: { type: 'number', default: 10000, description: 'Milliseconds to wait for the server.' },
        keepalive: {
          type: 'number',
          default: 60000,
          description: 'Milliseconds for which an idle connection is kept.',
        },
        anonymous,
        header_type: {
          type: 'string',
          default: 'ldap',
          description: 'Scheme that the Authorization header must begin with.',
        },
        realm,
      },
      entity_checks: [
        {
          check: 'conditional',
          if_field: 'ldaps',
          if_match: { eq: true },
          then_field: 'start_tls',
          then_match: { eq: false },
          then_err: "'ldaps' and 'start_tls' cannot be enabled simultaneously",
        },
      ],
    },
  },
} as const satisfies Subschema;
