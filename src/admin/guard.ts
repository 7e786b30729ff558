// Who may speak to the Admin API: no page of a browser that came through another host name or origin, and, where a token is
// set, nobody without it.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { message, type Reply } from './reply.ts';

export interface GuardOptions {
  /** What the header `Kong-Admin-Token` must carry; undefined lets everybody in. */
  readonly token?: string | undefined;
  /** Origins of managers that run in a browser, besides those on this machine. */
  readonly origins?: readonly string[];
}

export interface Guard {
  /** The answer to a request that is not let in. */
  refuse(request: IncomingMessage): Reply | undefined;
  /** The origin whose pages may read the answer; undefined for a page of somebody else. */
  allowedOrigin(request: IncomingMessage): string | undefined;
}

const TOKEN_HEADER = 'kong-admin-token';
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export function createGuard({ token, origins = [] }: GuardOptions): Guard {
  const expected = token === undefined ? undefined : digest(token);
  return {
    refuse(request) {
      const foreign = refuseForeignPage(request, origins);
      if (foreign !== undefined || expected === undefined || request.method === 'OPTIONS') return foreign;
      const given = request.headers[TOKEN_HEADER];
      const isRight = typeof given === 'string' && timingSafeEqual(digest(given), expected);
      return isRight ? undefined : message(401, 'Unauthorized');
    },
    allowedOrigin(request) {
      const { origin } = request.headers;
      if (origin === undefined) return origins[0] ?? '*';
      return origins.includes(origin) || isOfThisMachine(request, origin) ? origin : origins[0];
    },
  };
}

/** Digests are of one length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** On loopback, a foreign Host means DNS rebinding, and a foreign Origin that writes means a page attacking localhost. */
function refuseForeignPage(request: IncomingMessage, origins: readonly string[]): Reply | undefined {
  const { origin, host } = request.headers;
  const isLocal = LOOPBACK.test(request.socket.localAddress ?? '');
  if (isLocal && !isLocalName(hostName(host ?? ''))) return message(403, 'Host is not allowed');
  const isWrite = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS';
  if (!isWrite || origin === undefined || origins.includes(origin)) return undefined;
  return isOfThisMachine(request, origin) ? undefined : message(403, 'Origin is not allowed');
}

/** Pages of this machine, on loopback; elsewhere those that came from the host they speak to. */
function isOfThisMachine({ headers, socket }: IncomingMessage, origin: string): boolean {
  const from = hostName(origin.replace(/^https?:\/\//i, ''));
  const isLocal = LOOPBACK.test(socket.localAddress ?? '');
  return isLocal ? isThisMachine(from) : from === hostName(headers.host ?? '');
}

const hostName = (authority: string): string => authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
const isThisMachine = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || (isIP(name) !== 0 && LOOPBACK.test(name));
/** No name server can point an address elsewhere: as a Host any address will do. As an origin it is a page like another. */
const isLocalName = (name: string): boolean => name === '' || isThisMachine(name) || isIP(name) !== 0;
