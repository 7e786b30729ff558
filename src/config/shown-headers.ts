// `headers`, `headers_upstream` and `nginx_http_charset`: what of its own the gateway adds to the heads of answers and requests.

export interface ShownHeaders {
  readonly server: boolean;
  readonly via: boolean;
  readonly proxyLatency: boolean;
  readonly upstreamLatency: boolean;
  readonly responseLatency: boolean;
  readonly upstreamStatus: boolean;
  readonly requestId: boolean;
  /** In requests to upstreams. */
  readonly requestIdUpstream: boolean;
  /** In the Content-Type of texts that name none; undefined for nothing. */
  readonly charset: string | undefined;
}

/** `off` means nothing beside other words, and no charset. */
export function shownHeaders(answers: readonly string[], upstream: readonly string[], charset: string): ShownHeaders {
  const has = (...words: readonly string[]): boolean => words.some((word) => answers.includes(word));
  return {
    server: has('server_tokens', 'Server'),
    via: has('server_tokens', 'Via'),
    proxyLatency: has('latency_tokens', 'X-Kong-Proxy-Latency'),
    upstreamLatency: has('latency_tokens', 'X-Kong-Upstream-Latency'),
    responseLatency: has('latency_tokens', 'X-Kong-Response-Latency'),
    upstreamStatus: has('X-Kong-Upstream-Status'),
    requestId: has('X-Kong-Request-Id'),
    requestIdUpstream: upstream.includes('X-Kong-Request-Id'),
    charset: charset === 'off' ? undefined : charset,
  };
}
