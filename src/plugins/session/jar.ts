// One cookie with its sessions: reads the session of a request, and makes the Set-Cookie lines that issue, renew or delete
// it. The cookie of the running session and the one that is kept by the browser are two jars.
import { isPromise } from '../../lib/promise.ts';
import type { RequestView } from '../../pdk/index.ts';
import { deleteCookies, formatCookies, readCookie } from './cookie.ts';
import { isAlive, refreshNeeded, renewSession, type Session, type Timeouts } from './session.ts';
import type { SessionStorage } from './storage.ts';

export interface Jar {
  readonly timeouts: Timeouts;
  /** Only one that is still alive. */
  read(request: RequestView, now: number): Session | undefined | Promise<Session | undefined>;
  /** Set-Cookie lines; none when the session is too large. */
  issue(session: Session): readonly string[];
  /** The session as it is from now on, and the lines that tell the client. */
  refresh(session: Session, now: number): { readonly session: Session; readonly lines: readonly string[] };
  clear(request: RequestView, session: Session | undefined): readonly string[];
}

export interface JarOptions {
  readonly name: string;
  readonly timeouts: Timeouts;
  readonly staleSeconds: number;
  readonly storage: SessionStorage;
  readonly attributes: string;
  /** Added when the browser shall keep the cookie. */
  lasting(): string;
}

const NO_LINES: readonly string[] = [];

export function createJar({ name, timeouts, staleSeconds, storage, attributes, lasting }: JarOptions): Jar {
  const linesOf = (value: string): readonly string[] =>
    formatCookies(name, value, `${attributes}${lasting()}`) ?? NO_LINES;

  return {
    timeouts,
    read(request, now) {
      const value = readCookie(request.header('cookie'), name);
      if (value === undefined) return undefined;
      const alive = (session: Session | undefined): Session | undefined =>
        session !== undefined && isAlive(session, timeouts, now) ? session : undefined;
      const loaded = storage.load(value);
      return isPromise(loaded) ? loaded.then(alive) : alive(loaded);
    },
    issue: (session) => linesOf(storage.save(session)),
    refresh(session, now) {
      const need = refreshNeeded(session, timeouts, now);
      if (need === 'no') return { session, lines: NO_LINES };
      if (need === 'renew') {
        const renewed = renewSession(session, now);
        storage.retire(session, staleSeconds);
        return { session: renewed, lines: linesOf(storage.save(renewed)) };
      }
      const touched = { ...session, usedAt: now };
      const value = storage.touch(touched);
      return { session: touched, lines: value === undefined ? NO_LINES : linesOf(value) };
    },
    clear(request, session) {
      if (session !== undefined) storage.destroy(session);
      return deleteCookies(request.header('cookie'), name, attributes);
    },
  };
}
