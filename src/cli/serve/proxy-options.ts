// What properties of kong.conf mean to the proxy: the same in the primary process and in every worker.
import { parseListen } from '../../config/listen.ts';
import type { Config } from '../../config/load.ts';
import { parsePortMaps } from '../../config/port-maps.ts';
import { shownHeaders } from '../../config/shown-headers.ts';
import { tracingSettings } from '../../config/tracing.ts';
import type { GatewayOptions } from '../../gateway/gateway.ts';
import { isBundled } from '../../plugins/index.ts';
import { errorPages } from './error-templates.ts';
import { mostConnections } from './most-connections.ts';
import type { ServeTls } from './serve-tls.ts';

export type ProxyOptions = Omit<GatewayOptions, 'store' | 'plugins' | 'events' | 'nodeId'>;

export function proxyOptions(config: Config, tls: ServeTls): ProxyOptions {
  const listen = parseListen('proxy_listen', config.proxy_listen);
  return {
    listen,
    streamListen: parseListen('stream_listen', config.stream_listen),
    portMaps: parsePortMaps(config.port_maps),
    http2: listen.some(({ http2 }) => http2),
    ...(tls.proxy && { tls: { ...tls.settings, certificate: tls.proxy, ticketSecret: tls.ticketSecret } }),
    upstreamTls: { certificate: tls.client, trusted: tls.trusted, verifyDepth: config.lua_ssl_verify_depth },
    dns: {
      ...config,
      dns_hostsfile: config.dns_hostsfile ?? undefined,
      dns_valid_ttl: config.dns_valid_ttl ?? undefined,
    },
    trust: {
      trustedIps: config.trusted_ips,
      realIpHeader: config.real_ip_header,
      realIpRecursive: config.real_ip_recursive,
    },
    shown: shownHeaders(config.headers, config.headers_upstream, config.nginx_http_charset),
    tracing: tracingSettings(config.tracing_instrumentations, config.tracing_sampling_rate),
    allowsDebug: config.allow_debug_header,
    debugToken: config.request_debug ? config.request_debug_token : undefined,
    errorPages: errorPages(config),
    routerFlavor: config.router_flavor,
    calculation: config.route_match_calculation,
    mayWait: isBundled,
    limits: {
      bodyBytes: config.nginx_http_client_max_body_size,
      requestsPerConnection: config.nginx_http_keepalive_requests,
    },
    maxConnections: mostConnections(config.nginx_events_worker_connections),
    keepAlive: {
      poolSize: config.upstream_keepalive_pool_size,
      idleSeconds: config.upstream_keepalive_idle_timeout,
      maxRequests: config.upstream_keepalive_max_requests,
    },
  };
}
