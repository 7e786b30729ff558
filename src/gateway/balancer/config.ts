// The fields of an upstream and its targets that balancing reads, as the entities store them.

export interface BalancerTarget {
  readonly id: string;
  /** host:port */
  readonly target: string;
  readonly weight: number;
}

export type CheckType = 'tcp' | 'http' | 'https' | 'grpc' | 'grpcs';

/** Limits of 0 switch a counter off. */
export interface FailureLimits {
  readonly http_statuses: readonly number[];
  readonly http_failures: number;
  readonly tcp_failures: number;
  readonly timeouts: number;
}

export interface SuccessLimits {
  readonly http_statuses: readonly number[];
  readonly successes: number;
}

export interface ActiveChecks {
  readonly type: CheckType;
  readonly concurrency: number;
  /** Seconds. */
  readonly timeout: number;
  readonly http_path: string;
  readonly headers?: Readonly<Record<string, readonly string[]>> | null;
  readonly https_sni?: string | null;
  readonly https_verify_certificate: boolean;
  /** `interval` in seconds; 0 means never. */
  readonly healthy: SuccessLimits & { readonly interval: number };
  readonly unhealthy: FailureLimits & { readonly interval: number };
}

export interface PassiveChecks {
  readonly healthy: SuccessLimits;
  readonly unhealthy: FailureLimits;
}

export interface UpstreamConfig {
  readonly id: string;
  readonly name: string;
  readonly algorithm?: string | null;
  readonly slots?: number | null;
  readonly host_header?: string | null;
  readonly use_srv_name?: boolean | null;
  readonly client_certificate?: { readonly id: string } | null;
  readonly hash_on?: string | null;
  readonly hash_on_header?: string | null;
  readonly hash_on_cookie?: string | null;
  readonly hash_on_cookie_path?: string | null;
  readonly hash_on_query_arg?: string | null;
  readonly hash_on_uri_capture?: string | null;
  readonly hash_fallback?: string | null;
  readonly hash_fallback_header?: string | null;
  readonly hash_fallback_query_arg?: string | null;
  readonly hash_fallback_uri_capture?: string | null;
  readonly sticky_sessions_cookie?: string | null;
  readonly sticky_sessions_cookie_path?: string | null;
  readonly healthchecks: {
    readonly active: ActiveChecks;
    readonly passive: PassiveChecks;
    /** Percent of the weight that must be available. */
    readonly threshold: number;
  };
}
