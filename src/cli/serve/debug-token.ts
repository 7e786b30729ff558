// The token with which requests from other machines may ask what took how long: kong.conf's, or one that is made for this run and
// kept beside the pid file. It is in no log; without either only this machine may ask.
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/load.ts';

/** All processes of a gateway know the same. */
export const withDebugToken = (config: Config): Config =>
  config.prefix === null || config.request_debug_token !== null
    ? config
    : { ...config, request_debug_token: randomBytes(24).toString('base64url') };

/** For whoever may read the files of the gateway, in its directory. */
export function keepDebugToken({ request_debug, request_debug_token, prefix }: Config): void {
  if (prefix === null) return;
  const path = join(prefix, '.request_debug_token');
  // One of an earlier run opens nothing any more; a new file is readable by its owner only.
  rmSync(path, { force: true });
  if (request_debug && request_debug_token !== null) writeFileSync(path, request_debug_token, { mode: 0o600 });
}
