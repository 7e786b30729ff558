// The cookie of sticky sessions: read from a request, and written when another peer answered than the one it names.
import type { Peer } from './address.ts';
import { sessionOf } from './algorithms/sticky-sessions.ts';
import type { UpstreamConfig } from './config.ts';

export const isSticky = ({ algorithm }: UpstreamConfig): boolean => algorithm === 'sticky-sessions';

/** 0, which names nobody, for a request without a session. */
export function readSession(config: UpstreamConfig, cookie: (name: string) => string | undefined): number {
  const value = cookie(config.sticky_sessions_cookie ?? '') ?? '';
  return /^[0-9a-f]{8}$/.test(value) ? Number.parseInt(value, 16) : 0;
}

/** undefined when the client's cookie is right already. */
export function sessionCookie(config: UpstreamConfig, peer: Peer, session: number): string | undefined {
  const own = sessionOf(peer);
  if (own === session) return undefined;
  const value = own.toString(16).padStart(8, '0');
  const path = config.sticky_sessions_cookie_path ?? '/';
  return `${config.sticky_sessions_cookie}=${value}; Path=${path}; SameSite=Lax; HttpOnly`;
}
