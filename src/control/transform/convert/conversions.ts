// What has to change in a file when the gateway gets newer: one entry for each step, in the terms of rules that rewrite.ts
// carries out. Data only. Where a default of the gateway changed, the old one is written down, so that nothing changes.

export interface Rule {
  /** Kind of entity, as sections of state files are called. */
  readonly reference: string;
  /** Only entities with one of these names. */
  readonly named?: readonly string[];
  /** Only where a field of the entity, or of what holds the last step of the path, has one of these values. */
  readonly where?: { readonly field: string; readonly oneOf: readonly string[] };
  readonly edit: Edit;
}

/** Paths are dotted, from the entity; where a step meets a list, it goes on in each item. */
export type Edit =
  | { readonly do: 'mark-regex'; readonly at: string }
  | { readonly do: 'rename'; readonly at: string; readonly to: string }
  | { readonly do: 'remove'; readonly at: string }
  | { readonly do: 'listify'; readonly at: string }
  /** Written where it is absent and what holds it is there; `makes` creates that as well. */
  | {
      readonly do: 'default';
      readonly at: string;
      readonly value: boolean | readonly string[];
      readonly makes?: true;
      readonly because: string;
    }
  | { readonly do: 'random'; readonly at: string };

export interface Conversion {
  readonly from: string;
  readonly to: string;
  /** New `_format_version`. */
  readonly formatVersion?: string;
  readonly rules: readonly Rule[];
}

const PLUGIN = { reference: 'plugins' } as const;
const ROUTE = { reference: 'routes' } as const;
const SERVICE = { reference: 'services' } as const;

const toThree: readonly Rule[] = [
  { ...ROUTE, edit: { do: 'mark-regex', at: 'paths' } },
  { ...PLUGIN, named: ['rate-limiting-advanced'], edit: { do: 'random', at: 'config.namespace' } },
  {
    reference: 'consumer_group_plugins',
    named: ['rate-limiting-advanced'],
    edit: { do: 'random', at: 'config.namespace' },
  },
];

const toThreeFour: readonly Rule[] = [
  { ...PLUGIN, edit: { do: 'rename', at: 'config.blacklist', to: 'config.deny' } },
  { ...PLUGIN, edit: { do: 'rename', at: 'config.whitelist', to: 'config.allow' } },
  { ...PLUGIN, named: ['aws-lambda'], edit: { do: 'remove', at: 'config.proxy_scheme' } },
  {
    ...PLUGIN,
    named: ['pre-function', 'post-function'],
    edit: { do: 'rename', at: 'config.functions', to: 'config.access' },
  },
];

const CLUSTERED = [
  'rate-limiting-advanced',
  'ai-rate-limiting-advanced',
  'graphql-proxy-cache-advanced',
  'graphql-rate-limiting-advanced',
  'proxy-cache-advanced',
];
const WITH_MODEL = [
  'ai-proxy',
  'ai-proxy-advanced',
  'ai-rag-injector',
  'ai-request-transformer',
  'ai-response-transformer',
  'ai-semantic-cache',
  'ai-semantic-prompt-guard',
];

const toThreeTen: readonly Rule[] = [
  {
    ...PLUGIN,
    named: CLUSTERED,
    edit: { do: 'rename', at: 'config.redis.cluster_addresses', to: 'config.redis.cluster_nodes' },
  },
  {
    ...PLUGIN,
    named: CLUSTERED,
    edit: { do: 'rename', at: 'config.redis.sentinel_addresses', to: 'config.redis.sentinel_nodes' },
  },
  ...['window_size', 'limit'].map(
    (field): Rule => ({
      ...PLUGIN,
      named: ['ai-rate-limiting-advanced'],
      edit: { do: 'listify', at: `config.llm_providers.${field}` },
    }),
  ),
  {
    ...PLUGIN,
    named: WITH_MODEL,
    edit: { do: 'rename', at: 'config.model.options.upstream_path', to: 'config.model.options.upstream_url' },
  },
];

/** Plugins that since 3.14 hide credentials by default. */
const HIDING = [
  'key-auth',
  'key-auth-enc',
  'basic-auth',
  'hmac-auth',
  'ldap-auth',
  'oauth2',
  'oauth2-introspection',
  'vault-auth',
  'ldap-auth-advanced',
];
const VECTOR_DATABASE = ['vectordb.pgvector.ssl_verify', 'vectordb.redis.ssl_verify'];
const SCHEMA_REGISTRY = 'schema_registry.confluent.authentication.oauth2_client.ssl_verify';
const KAFKA = ['security.ssl_verify', SCHEMA_REGISTRY];

/** Plugin → fields of its configuration that since 3.14 verify certificates by default. */
const VERIFYING: Readonly<Record<string, readonly string[]>> = {
  ace: ['rate_limiting.redis.ssl_verify'],
  acme: ['storage_config.redis.ssl_verify'],
  'ai-aws-guardrail': ['ssl_verify'],
  'ai-azure-content-safety': ['ssl_verify'],
  'ai-proxy-advanced': VECTOR_DATABASE,
  'ai-rag-injector': VECTOR_DATABASE,
  'ai-rate-limiting-advanced': ['redis.ssl_verify'],
  'ai-semantic-cache': VECTOR_DATABASE,
  'ai-semantic-prompt-guard': VECTOR_DATABASE,
  'ai-semantic-response-guard': VECTOR_DATABASE,
  'aws-lambda': ['ssl_verify'],
  'azure-functions': ['https_verify'],
  'basic-auth': ['brute_force_protection.redis.ssl_verify'],
  confluent: KAFKA,
  'confluent-consume': KAFKA,
  datakit: ['resources.cache.redis.ssl_verify'],
  'forward-proxy': ['https_verify'],
  'graphql-proxy-cache-advanced': ['redis.ssl_verify'],
  'graphql-rate-limiting-advanced': ['redis.ssl_verify'],
  'header-cert-auth': ['ssl_verify'],
  'http-log': ['ssl_verify'],
  'jwt-signer': ['access_token_endpoints_ssl_verify', 'channel_token_endpoints_ssl_verify'],
  'kafka-consume': [...KAFKA, `topics.${SCHEMA_REGISTRY}`],
  'kafka-log': KAFKA,
  'kafka-upstream': KAFKA,
  'ldap-auth': ['verify_ldap_host'],
  'ldap-auth-advanced': ['verify_ldap_host'],
  'mtls-auth': ['ssl_verify'],
  'openid-connect': [
    'ssl_verify',
    'cluster_cache_redis.ssl_verify',
    'redis.ssl_verify',
    'session_memcached_ssl_verify',
  ],
  'proxy-cache-advanced': ['redis.ssl_verify'],
  'rate-limiting': ['redis.ssl_verify'],
  'rate-limiting-advanced': ['redis.ssl_verify'],
  'redis-partials': ['ssl_verify'],
  'request-callout': ['cache.redis.ssl_verify', 'callouts.request.http_opts.ssl_verify'],
  'response-ratelimiting': ['redis.ssl_verify'],
  saml: ['redis.ssl_verify'],
  'service-protection': ['redis.ssl_verify'],
  'solace-consume': ['session.ssl_validate_certificate'],
  'solace-log': ['session.ssl_validate_certificate'],
  'solace-upstream': ['session.ssl_validate_certificate'],
  'tcp-log': ['ssl_verify'],
  'upstream-oauth': ['client.ssl_verify', 'cache.redis.ssl_verify'],
};

const toThreeFourteen: readonly Rule[] = [
  {
    ...PLUGIN,
    named: HIDING,
    edit: {
      do: 'default',
      at: 'config.hide_credentials',
      value: false,
      makes: true,
      because: 'since 3.14 it is true by default',
    },
  },
  ...Object.entries(VERIFYING).flatMap(([name, fields]) =>
    fields.map(
      (field): Rule => ({
        ...PLUGIN,
        named: [name],
        edit: {
          do: 'default',
          at: `config.${field}`,
          value: false,
          ...(field.includes('.') ? {} : { makes: true }),
          because: 'since 3.14 it is true by default',
        },
      }),
    ),
  ),
  {
    ...PLUGIN,
    named: ['datakit'],
    where: { field: 'type', oneOf: ['call'] },
    edit: {
      do: 'default',
      at: 'config.nodes.ssl_verify',
      value: false,
      because: 'since 3.14 it is true by default',
    },
  },
  {
    ...SERVICE,
    where: { field: 'protocol', oneOf: ['https', 'tls', 'grpcs', 'wss'] },
    edit: { do: 'default', at: 'tls_verify', value: false, because: 'since 3.14 certificates are verified by default' },
  },
  {
    ...ROUTE,
    edit: {
      do: 'default',
      at: 'protocols',
      value: ['http', 'https'],
      because: 'since 3.14 the default is https alone',
    },
  },
];

export const CONVERSIONS: readonly Conversion[] = [
  { from: 'kong-gateway-2.x', to: 'kong-gateway-3.x', formatVersion: '3.0', rules: toThree },
  { from: '2.8', to: '3.4', formatVersion: '3.0', rules: [...toThree, ...toThreeFour] },
  { from: '3.4', to: '3.10', rules: toThreeTen },
  { from: '3.10', to: '3.14', rules: toThreeFourteen },
];
