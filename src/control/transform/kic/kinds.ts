// What of a state file becomes which object of Kubernetes, and under which names its fields go on. Data only.

export const SERVICE = { reference: 'services' } as const;
export const ROUTE = { reference: 'routes' } as const;
export const PLUGIN = { reference: 'plugins' } as const;
export const UPSTREAM = { reference: 'upstreams' } as const;
export const TARGET = { reference: 'targets' } as const;
export const CONSUMER = { reference: 'consumers' } as const;
export const CONSUMER_GROUP = { reference: 'consumer_groups' } as const;
export const CERTIFICATE = { reference: 'certificates' } as const;
export const CA_CERTIFICATE = { reference: 'ca_certificates' } as const;
export const VAULT = { reference: 'vaults' } as const;
export const SNI = { reference: 'snis' } as const;

/** List of credentials in a consumer → what the controller calls the kind. */
export const CREDENTIALS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    keyauth_credentials: 'key-auth',
    hmacauth_credentials: 'hmac-auth',
    jwt_secrets: 'jwt',
    basicauth_credentials: 'basic-auth',
    oauth2_credentials: 'oauth2',
    acls: 'acl',
    mtls_auth_credentials: 'mtls-auth',
  }),
);

/** Fields that become annotations named `konghq.com/…`, with dashes. */
export const SERVICE_ANNOTATIONS = [
  'connect_timeout',
  'path',
  'protocol',
  'read_timeout',
  'retries',
  'tags',
  'tls_verify',
  'tls_verify_depth',
  'write_timeout',
];
const ROUTE_ANNOTATIONS = [
  'https_redirect_status_code',
  'path_handling',
  'preserve_host',
  'regex_priority',
  'request_buffering',
  'response_buffering',
  SNI.reference,
  'strip_path',
  'tags',
];
/** The Gateway API has words of its own for the protocols and the methods. */
export const HTTP_ROUTE_ANNOTATIONS: readonly string[] = ROUTE_ANNOTATIONS;
export const INGRESS_ANNOTATIONS: readonly string[] = [...ROUTE_ANNOTATIONS, 'methods', 'protocols'];

/** Fields of an upstream that KongIngress takes as they are. */
export const NOT_IN_KONG_INGRESS = [
  'id',
  'name',
  'tags',
  'created_at',
  'updated_at',
  'client_certificate',
  'use_srv_name',
];

/** Words that KongUpstreamPolicy writes with capitals inside, beside those that only lose an underscore. */
export const POLICY_WORDS: Readonly<Record<string, string>> = { https_sni: 'httpsSni' };
