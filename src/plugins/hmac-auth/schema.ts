// Configuration of hmac-auth.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { anonymous, hideCredentials, realm } from '../shared/authentication-fields.ts';

export const ALGORITHMS = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        hide_credentials: hideCredentials,
        clock_skew: {
          type: 'number',
          default: 300,
          gt: 0,
          description: 'Seconds by which the date of a request may be off.',
        },
        anonymous,
        validate_request_body: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Check the body against its Digest header.',
        },
        enforce_headers: {
          type: 'array',
          default: [],
          elements: { type: 'string' },
          description: 'Headers that every signature must cover.',
        },
        algorithms: {
          type: 'array',
          default: ALGORITHMS,
          elements: { type: 'string', one_of: ALGORITHMS },
          description: 'Algorithms that are accepted.',
        },
        realm,
      },
    },
  },
} as const satisfies Subschema;
