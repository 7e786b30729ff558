// Where the content of sessions is: in the cookie itself, or in the store with only the sealed name in the cookie. Saving
// answers at once, because headers do not wait; who comes back before a session is stored waits for it.
import { createHash } from 'node:crypto';
import { newUuid } from '../../lib/ids.ts';
import { type Environment, hasExpired } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { Seal } from './seal.ts';
import { formatSession, lifetimeLeft, parseSession, type Session, type Timeouts } from './session.ts';

export interface SessionStorage {
  /** From the value of a cookie. */
  load(value: string): Session | undefined | Promise<Session | undefined>;
  /** Answers the value of the cookie. */
  save(session: Session): string;
  /** Notes a use. Answers the new value of the cookie when it changes. */
  touch(session: Session): string | undefined;
  /** Another session takes its place: it ends after `staleSeconds`. */
  retire(session: Session, staleSeconds: number): void;
  destroy(session: Session): void;
}

/** Nothing is kept here, so nothing can be taken back: a cookie is good until a timeout. */
export function cookieStorage(seal: Seal): SessionStorage {
  const save = (session: Session): string => seal.close(formatSession(session));
  return {
    load(value) {
      const text = seal.open(value);
      return text === undefined ? undefined : parseSession(text);
    },
    save,
    touch: save,
    retire: () => undefined,
    destroy: () => undefined,
  };
}

export interface StoreOptions {
  readonly seal: Seal;
  readonly timeouts: Timeouts;
  readonly audience: string;
  readonly metadata: 'none' | 'clear' | 'hashed';
}

export function storeStorage(
  { seal, timeouts, audience, metadata }: StoreOptions,
  environment: Environment,
): SessionStorage {
  const { entities, clock, log } = environment;
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);
  /** Sessions on their way into the store, by id. */
  const pending = new Map<string, Promise<void>>();

  const rowOf = (id: string): Entity | undefined => {
    const row = entities.find('sessions', 'session_id', id);
    return row === undefined || hasExpired(row, clock.now()) ? undefined : row;
  };

  const find = (id: string): Session | undefined => {
    const data = rowOf(id)?.['data'];
    const text = typeof data === 'string' ? seal.open(data) : undefined;
    return text === undefined ? undefined : parseSession(text);
  };

  const valuesOf = (session: Session) => {
    const left = lifetimeLeft(session, timeouts, nowSeconds());
    const seconds = left === undefined ? undefined : Math.max(1, left);
    return {
      data: seal.close(formatSession(session)),
      ...(seconds === undefined ? {} : { ttl: seconds, expires: nowSeconds() + seconds }),
    };
  };

  const report = (what: string) => (error: unknown) =>
    log.error(`a session cannot be ${what}`, { error: String(error) });

  const describe = (session: Session, row: string) => ({
    action: 'create' as const,
    kind: 'session_metadatas',
    values: {
      session: { id: row },
      sid: session.id,
      audience,
      subject: metadata === 'hashed' ? createHash('sha256').update(session.subject).digest('hex') : session.subject,
    },
  });

  return {
    load(value) {
      const id = seal.open(value);
      if (id === undefined) return undefined;
      const underway = pending.get(id);
      return underway === undefined ? find(id) : underway.then(() => find(id));
    },
    save(session) {
      const id = newUuid();
      const row = {
        action: 'create',
        kind: 'sessions',
        values: { id, session_id: session.id, ...valuesOf(session) },
      } as const;
      const written = entities
        .write(metadata === 'none' ? [row] : [row, describe(session, id)])
        .then(() => undefined, report('stored'))
        .finally(() => pending.delete(session.id));
      pending.set(session.id, written);
      return seal.close(session.id);
    },
    touch(session) {
      const row = rowOf(session.id);
      if (row === undefined) return undefined;
      const change = { action: 'update', kind: 'sessions', id: row.id, values: valuesOf(session) } as const;
      entities.write([change]).catch(report('stored'));
      return undefined;
    },
    retire(session, staleSeconds) {
      const row = rowOf(session.id);
      if (row === undefined) return;
      const seconds = Math.max(1, Math.round(staleSeconds));
      const values = {
        data: seal.close(formatSession({ ...session, isStale: true })),
        ttl: seconds,
        expires: nowSeconds() + seconds,
      };
      entities.write([{ action: 'update', kind: 'sessions', id: row.id, values }]).catch(report('stored'));
    },
    destroy(session) {
      const remove = (): void => {
        const row = rowOf(session.id);
        if (row !== undefined)
          entities.write([{ action: 'delete', kind: 'sessions', id: row.id }]).catch(report('removed'));
      };
      const underway = pending.get(session.id);
      if (underway === undefined) remove();
      else void underway.then(remove);
    },
  };
}
