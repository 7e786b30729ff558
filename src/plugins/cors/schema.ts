// Configuration of cors.
import { compilePattern } from '../../lib/regex.ts';
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'] as const;

const checkOrigin = (origin: string): string | undefined =>
  origin === '*' || compilePattern(origin).ok ? undefined : `'${origin}' is not a valid regex`;

const texts = { type: 'array', elements: { type: 'string' } } as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        origins: {
          type: 'array',
          elements: { type: 'string', custom_validator: checkOrigin },
          description: 'Origins that may read the answers: `*`, plain origins or regular expressions.',
        },
        headers: { ...texts, description: 'Request headers a preflight allows; empty echoes what was asked for.' },
        exposed_headers: { ...texts, description: 'Response headers that scripts may read.' },
        methods: {
          type: 'array',
          default: METHODS,
          elements: { type: 'string', one_of: METHODS },
          description: 'Methods a preflight allows.',
        },
        max_age: { type: 'number', description: 'Seconds for which a preflight may be cached.' },
        credentials: { type: 'boolean', required: true, default: false, description: 'Allow credentials.' },
        private_network: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Answer private network preflights.',
        },
        preflight_continue: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Leave preflights to the upstream.',
        },
        allow_origin_absent: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Add the headers even when the request names no origin.',
        },
      },
    },
  },
} as const satisfies Subschema;
