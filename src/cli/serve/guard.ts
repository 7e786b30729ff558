// Who may use the Admin API, from the configuration. It can change everything: on an address that others can reach it does
// not start unguarded, unless somebody said so.
import type { GuardOptions } from '../../admin/guard.ts';
import { type ListenAddress, showAddress } from '../../config/listen.ts';
import type { Config } from '../../config/load.ts';
import { GwctlError } from '../../lib/errors.ts';

const LOOPBACK = /^(127\.|::1$|localhost$)/;

export function guardOf(config: Config, addresses: readonly ListenAddress[]): GuardOptions {
  const wantsCertificates = config.admin_ssl_client_ca.length > 0;
  const open = addresses.find(({ host, ssl }) => !LOOPBACK.test(host) && !(ssl && wantsCertificates));
  if (open !== undefined && config.admin_token === null && !config.admin_insecure) {
    throw new GwctlError(
      'E_CONFIG',
      `the Admin API would be open to everybody on ${showAddress(open.host, open.port)}`,
      {
        hint: 'Set a token (KONG_ADMIN_TOKEN), ask for client certificates (KONG_ADMIN_SSL_CLIENT_CA), listen on loopback, or say --admin-insecure.',
      },
    );
  }
  return {
    ...(config.admin_token === null ? {} : { token: config.admin_token }),
    origins: config.admin_gui_url.map((url) => new URL(url).origin),
  };
}
