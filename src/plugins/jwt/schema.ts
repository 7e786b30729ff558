// Configuration of jwt.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { anonymous, realm, runOnPreflight } from '../shared/authentication-fields.ts';

const names = { type: 'set', elements: { type: 'string' } } as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        uri_param_names: { ...names, default: ['jwt'], description: 'Query arguments to look for a token in.' },
        cookie_names: { ...names, default: [], description: 'Cookies to look for a token in.' },
        key_claim_name: { type: 'string', default: 'iss', description: 'Claim that names the credential.' },
        secret_is_base64: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Secrets of credentials are base64 and are decoded before use.',
        },
        claims_to_verify: {
          type: 'set',
          elements: { type: 'string', one_of: ['exp', 'nbf'] },
          description: 'Times in the token to check.',
        },
        anonymous,
        run_on_preflight: runOnPreflight,
        maximum_expiration: {
          type: 'number',
          default: 0,
          between: [0, 31536000],
          description: 'Seconds that a token may at most live on; 0 sets no limit.',
        },
        header_names: {
          ...names,
          default: ['authorization'],
          description: 'Headers to look for a bearer token in.',
        },
        realm,
      },
    },
  },
  entity_checks: [
    {
      check: 'conditional',
      if_field: 'config.maximum_expiration',
      if_match: { gt: 0 },
      then_field: 'config.claims_to_verify',
      then_match: { contains: 'exp' },
    },
  ],
} as const satisfies Subschema;
