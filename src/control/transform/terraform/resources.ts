// How entities are called as resources of the Konnect provider: what cannot be told from their schemas. Data only.

/** Kind of entity (the word of its schema) → word of the resource, where the two differ. */
export const RESOURCE_WORDS: Readonly<Record<string, string>> = {
  'jwt-auth': 'jwt',
  'acl-group': 'acl',
  'oauth2-cred': 'oauth2',
};

/** Kinds whose resource names begin with a word, as names of other kinds could be the same. */
export const NAME_PREFIXES: Readonly<Record<string, string>> = {
  upstream: 'upstream_',
  sni: 'sni_',
};

/** Kinds that refer to their parent by an id instead of a block. */
export const PARENT_BY_ID: ReadonlySet<string> = new Set([
  'target',
  'acl',
  'basic_auth',
  'hmac_auth',
  'jwt',
  'key_auth',
  'mtls_auth',
  'oauth2',
]);

/** Kinds whose names do not carry that of their parent. */
export const NAMED_ALONE: ReadonlySet<string> = new Set(['route', 'sni']);

/** Kinds that have a resource of their own for each name that the provider knows. */
export const DIVIDED: ReadonlySet<string> = new Set(['plugin']);

/** Fields of credentials that somebody else may change. */
export const CREDENTIAL_SECRETS: Readonly<Record<string, readonly string[]>> = {
  acl: ['group'],
  basic_auth: ['password'],
  hmac_auth: ['secret'],
  jwt: ['secret', 'key'],
  key_auth: ['key'],
  oauth2: ['client_secret'],
};

/** Plugins that have a resource of their own besides those that are bundled here; any other is a custom plugin. */
export const PROVIDER_PLUGINS: ReadonlySet<string> = new Set([
  'ace',
  'ai-aws-guardrails',
  'ai-azure-content-safety',
  'ai-prompt-compressor',
  'ai-proxy-advanced',
  'ai-rag-injector',
  'ai-rate-limiting-advanced',
  'ai-sanitizer',
  'ai-semantic-cache',
  'ai-semantic-prompt-guard',
  'app-dynamics',
  'canary',
  'confluent',
  'confluent-consume',
  'datakit',
  'degraphql',
  'exit-transformer',
  'forward-proxy',
  'graphql-proxy-cache-advanced',
  'graphql-rate-limiting-advanced',
  'header-cert-auth',
  'injection-protection',
  'jq',
  'json-threat-protection',
  'jwe-decrypt',
  'jwt-signer',
  'kafka-consume',
  'kafka-log',
  'kafka-upstream',
  'key-auth-enc',
  'konnect-application-auth',
  'ldap-auth-advanced',
  'mocking',
  'mtls-auth',
  'oas-validation',
  'oauth2-introspection',
  'opa',
  'openid-connect',
  'proxy-cache-advanced',
  'rate-limiting-advanced',
  'request-callout',
  'request-transformer-advanced',
  'request-validator',
  'response-transformer-advanced',
  'route-by-header',
  'route-transformer-advanced',
  'saml',
  'service-protection',
  'statsd-advanced',
  'tls-handshake-modifier',
  'tls-metadata-headers',
  'upstream-oauth',
  'upstream-timeout',
  'vault-auth',
  'websocket-size-limit',
  'websocket-validator',
  'xml-threat-protection',
]);

/** The resource of one membership, and the kind that has members. */
export const MEMBERSHIP = { type: 'konnect_gateway_consumer_group_member', group: 'consumer_group' } as const;
