// What a newer gateway understands otherwise and no rule can put right, as it takes somebody who knows what was meant: rules
// for the linter, in the form of its rulesets, but for `holds`, which is `then` there. Data only.
import type { JsonLiteral } from '../../../lib/json.ts';

type Checks = { readonly [name: string]: { readonly [key: string]: JsonLiteral } };

const config = (...names: string[]): string =>
  `$..plugins[?${names.map((name) => `@.name == '${name}'`).join(' || ')}].config`;

const CLUSTERED = [
  'ai-rate-limiting-advanced',
  'graphql-proxy-cache-advanced',
  'graphql-rate-limiting-advanced',
  'proxy-cache-advanced',
  'rate-limiting-advanced',
];

/** By the version that a file is converted to. */
export const CHECKS: { readonly [to: string]: Checks } = {
  '3.4': {
    'http-log-headers': {
      given: config('http-log'),
      message: 'each of the headers of http-log takes one text; lists are not accepted any more',
      severity: 'error',
      holds: {
        field: 'headers',
        function: 'schema',
        functionOptions: { schema: { type: 'object', additionalProperties: { type: 'string' } } },
      },
    },
    'statsd-advanced': {
      given: "$..plugins[?@.name == 'statsd-advanced'].name",
      message: 'statsd-advanced is deprecated: statsd can do all of it',
      holds: { function: 'falsy' },
    },
    'acme-vault': {
      given: `${config('acme')}.storage_config.vault`,
      message: "the auth_method of acme's vault is 'token' unless it is written",
      holds: { field: 'auth_method', function: 'truthy' },
    },
    prometheus: {
      given: "$..plugins[?@.name == 'prometheus' && @.enabled != false].name",
      message: 'metrics of high cardinality are off in prometheus unless they are switched on',
      holds: { function: 'falsy' },
    },
    'aws-region': {
      given: config('aws-lambda'),
      message: 'aws-lambda needs aws_region, here or in the environment of the gateway',
      holds: { field: 'aws_region', function: 'defined' },
    },
  },
  '3.10': {
    'session-logout': {
      given: config('session'),
      message: 'session looks for logout_post_arg in bodies only when read_body_for_logout is true',
      holds: { field: 'read_body_for_logout', function: 'defined' },
    },
    'azure-path': {
      given: config('azure-functions'),
      message: 'azure-functions builds the path from routeprefix alone, not from that of the request',
      holds: { field: 'routeprefix', function: 'defined' },
    },
    'redis-timeout': {
      given: `${config(...CLUSTERED)}.redis`,
      message: 'timeout is deprecated: use connect_timeout, send_timeout and read_timeout',
      holds: { field: 'timeout', function: 'falsy' },
    },
  },
};
