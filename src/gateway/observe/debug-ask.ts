// Who is told with the answer what took how long: whoever sends X-Kong-Request-Debug from this machine, or with the token from elsewhere;
// and who sends Kong-Debug where that is allowed. Nobody else is measured.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { CoreConfig } from '../core.ts';
import type { HeaderList } from '../http1/headers.ts';
import { ASKS_FOR_DEBUGGING } from '../trust.ts';

/** Steps that can be asked for alone. */
const STEPS = ['rewrite', 'access', 'balancer', 'response', 'header_filter', 'body_filter', 'upstream', 'log'] as const;

export interface DebugAsk {
  /** Undefined for all of them. */
  readonly steps: ReadonlySet<string> | undefined;
  /** Of the header that tells it. */
  readonly maxBytes: number;
  /** At which level the log has it: `info` where the client asked for that. */
  readonly logLevel: 'debug' | 'info';
}

export interface Asking {
  readonly config: CoreConfig;
  readonly headers: HeaderList;
  /** Both ends of what is known of the way: the peer, and whom it speaks for. */
  readonly addresses: readonly [string, string];
}

/** Between this gateway and a client elsewhere there may be servers that take short headers only. */
const MAX_BYTES = 2048;
const MAX_BYTES_NEAR = 4096;
const BY_KONG_DEBUG: DebugAsk = { steps: undefined, maxBytes: MAX_BYTES_NEAR, logLevel: 'debug' };
const LOGGED = 'x-kong-request-debug-log';
const TOKEN = 'x-kong-request-debug-token';

/** For a request that has the header. What it says of debugging does not go upstream when it is heard here. */
export function readDebugAsk({ config: { debugToken }, headers, addresses }: Asking): DebugAsk | undefined {
  if (debugToken === undefined) return undefined;
  const isNear = addresses.every(isLoopback);
  if (!isNear && (debugToken === null || !isToken(headers.get(TOKEN), debugToken))) return undefined;
  const steps = readSteps(headers.get(ASKS_FOR_DEBUGGING) ?? '');
  if (steps === 'unknown') return undefined;
  const logLevel = headers.get(LOGGED)?.toLowerCase() === 'true' ? 'info' : 'debug';
  for (const name of [ASKS_FOR_DEBUGGING, LOGGED, TOKEN]) headers.remove(name);
  return { steps, maxBytes: isNear ? MAX_BYTES_NEAR : MAX_BYTES, logLevel };
}

export const readKongDebug = ({ config, headers }: Asking): DebugAsk | undefined =>
  config.allowsDebug && headers.has('kong-debug') ? BY_KONG_DEBUG : undefined;

function readSteps(text: string): ReadonlySet<string> | undefined | 'unknown' {
  if (text.trim() === '*') return undefined;
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => (STEPS as readonly string[]).includes(name)) ? new Set(names) : 'unknown';
}

const isLoopback = (address: string): boolean => address === '::1' || /^(?:::ffff:)?127\./.test(address);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isToken = (sent: string | undefined, token: string): boolean =>
  sent !== undefined && timingSafeEqual(digest(sent), digest(token));
