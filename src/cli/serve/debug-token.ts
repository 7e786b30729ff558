// The token with which requests from other machines may ask what took how long: kong.conf's, or one that is made for this run. It is
// found in the log, and beside the pid file.
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/load.ts';
import type { GatewayEvents } from '../../gateway/core.ts';

/** All processes of a gateway know the same. */
export const withDebugToken = (config: Config): Config => ({
  ...config,
  request_debug_token: config.request_debug_token ?? randomBytes(24).toString('base64url'),
});

/** @param prefix a directory that is there */
export function tellDebugToken(
  { request_debug, request_debug_token, prefix }: Config,
  log: GatewayEvents['log'],
): void {
  const path = prefix === null ? undefined : join(prefix, '.request_debug_token');
  // One of an earlier run opens nothing any more; a new file is readable by its owner only.
  if (path !== undefined) rmSync(path, { force: true });
  if (!request_debug) return;
  log('info', `[request-debug] token for request debugging: ${request_debug_token}`);
  if (path !== undefined) writeFileSync(path, request_debug_token ?? '', { mode: 0o600 });
}
