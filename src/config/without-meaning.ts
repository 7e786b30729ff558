// Names of kong.conf that belong to things this gateway does not have: nginx and its modules, Lua, hybrid mode, the
// manager. A configuration written for Kong may hold them; they change nothing, and that is said once.

const NAMES = `
  admin_access_log admin_error_log admin_gui_access_log admin_gui_auth admin_gui_auth_conf admin_gui_error_log
  admin_gui_listen admin_gui_path admin_gui_api_url admin_gui_ssl_cert admin_gui_ssl_cert_key admin_gui_csp_header
  anonymous_reports cluster_allowed_common_names cluster_ca_cert cluster_cert cluster_cert_key
  cluster_control_plane cluster_data_plane_purge_delay cluster_dp_labels cluster_listen cluster_max_payload cluster_mtls
  cluster_ocsp cluster_rpc cluster_rpc_sync cluster_server_name cluster_use_proxy concurrency_limit db_cache_neg_ttl
  db_cache_ttl db_cache_warmup_entities db_resurrect_ttl db_update_propagation declarative_config_string
  dns_no_sync
  dedicated_config_processing host_ports kic legacy_worker_events lmdb_environment_path lmdb_map_size lua_max_post_args
  lua_max_req_headers lua_max_resp_headers lua_max_uri_args lua_package_cpath lua_package_path lua_socket_pool_size
  lua_ssl_protocols mem_cache_size new_dns_client node_id nginx_daemon nginx_user opentelemetry_tracing
  opentelemetry_tracing_sampling_rate openresty_path pg_backlog pg_iam_auth pg_iam_auth_assume_role_arn
  pg_iam_auth_role_session_name pg_keepalive_timeout pg_max_concurrent_queries pg_pool_size pg_ro_backlog pg_ro_database
  pg_ro_host pg_ro_keepalive_timeout pg_ro_max_concurrent_queries pg_ro_password pg_ro_pool_size pg_ro_port pg_ro_schema
  pg_ro_semaphore_timeout pg_ro_ssl pg_ro_ssl_required pg_ro_ssl_verify pg_ro_ssl_version pg_ro_timeout pg_ro_user
  pg_semaphore_timeout pg_ssl_cert pg_ssl_cert_key pg_ssl_required pg_ssl_version plugins_dir pluginserver_names
  proxy_server proxy_server_ssl_verify proxy_stream_access_log proxy_stream_error_log proxy_url resolver_address
  resolver_family resolver_hosts_file resolver_mem_cache_size
  resolver_lru_cache_size role ssl_dhparam ssl_session_cache_size status_access_log status_error_log
  stream_proxy_ssl_session_tickets untrusted_lua
  untrusted_lua_sandbox_environment untrusted_lua_sandbox_requires vaults vaults_lazy_load_secrets wasm wasm_filters
  wasm_filters_path worker_consistency worker_events_max_payload worker_state_update_frequency
`;

/** Directives of nginx, parts of nothing here; vaults and plugin servers are named by what they are called. */
const BEGINNINGS = ['nginx_', 'pluginserver_', 'proxy_wasm_', 'vault_', 'wasm_', 'konnect_', 'cluster_telemetry_'];

const names: ReadonlySet<string> = new Set(NAMES.split(/\s+/).filter((name) => name !== ''));

/** @param name in lower case; properties that mean something here are asked for first. */
export const isWithoutMeaning = (name: string): boolean =>
  names.has(name) || BEGINNINGS.some((beginning) => name.startsWith(beginning));
