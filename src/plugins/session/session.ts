// A session: who it belongs to, and when it began, was renewed and was used last. Whether it is still alive, and whether it
// must be renewed, follows from these moments and the configured timeouts. All times are whole seconds; 0 sets no limit.
import { randomBytes } from 'node:crypto';
import { isObject } from '../../lib/json.ts';

export interface Session {
  readonly id: string;
  readonly subject: string;
  readonly consumer: string;
  readonly credential: string;
  readonly groups: readonly string[] | undefined;
  readonly createdAt: number;
  readonly renewedAt: number;
  readonly usedAt: number;
  /** Another session has taken its place: it is good for a moment, but is not renewed again. */
  readonly isStale: boolean;
}

export interface Timeouts {
  readonly idling: number;
  readonly rolling: number;
  readonly absolute: number;
}

export type Owner = Pick<Session, 'subject' | 'consumer' | 'credential' | 'groups'>;

const ID_BYTES = 32;
const newId = (): string => randomBytes(ID_BYTES).toString('base64url');

export const beginSession = (owner: Owner, now: number): Session => ({
  id: newId(),
  subject: owner.subject,
  consumer: owner.consumer,
  credential: owner.credential,
  groups: owner.groups,
  createdAt: now,
  renewedAt: now,
  usedAt: now,
  isStale: false,
});

export const renewSession = (session: Session, now: number): Session => ({
  ...session,
  id: newId(),
  renewedAt: now,
  usedAt: now,
});

/** Seconds that are left of each timeout; undefined where there is no limit. */
export const secondsLeft = ({ createdAt, renewedAt, usedAt }: Session, timeouts: Timeouts, now: number) => ({
  idling: timeouts.idling > 0 ? usedAt + timeouts.idling - now : undefined,
  rolling: timeouts.rolling > 0 ? renewedAt + timeouts.rolling - now : undefined,
  absolute: timeouts.absolute > 0 ? createdAt + timeouts.absolute - now : undefined,
});

/** Until the first of the timeouts; undefined when there is none. */
export function lifetimeLeft(session: Session, timeouts: Timeouts, now: number): number | undefined {
  const left = Object.values(secondsLeft(session, timeouts, now)).filter((seconds) => seconds !== undefined);
  return left.length === 0 ? undefined : Math.min(...left);
}

export const isAlive = (session: Session, timeouts: Timeouts, now: number): boolean =>
  (lifetimeLeft(session, timeouts, now) ?? 1) > 0;

/** A session is renewed when three quarters of the rolling timeout are over. */
const RENEW_AFTER = 0.75;
/** Not every use is noted: after a minute, or a quarter of the idling timeout when that is less. */
const NOTE_USE_AFTER = 60;

export function refreshNeeded(session: Session, { idling, rolling }: Timeouts, now: number): 'renew' | 'touch' | 'no' {
  if (session.isStale) return 'no';
  if (rolling > 0 && now - session.renewedAt >= rolling * RENEW_AFTER) return 'renew';
  const noteAfter = Math.min(NOTE_USE_AFTER, idling / 4);
  return idling > 0 && now > session.usedAt && now - session.usedAt >= noteAfter ? 'touch' : 'no';
}

export const formatSession = (session: Session): string => JSON.stringify(session);

/** The text was sealed by us, perhaps by another version. */
export function parseSession(text: string): Session | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { id, subject, consumer, credential, groups, createdAt, renewedAt, usedAt, isStale } = value;
  if (typeof id !== 'string' || typeof subject !== 'string') return undefined;
  if (typeof consumer !== 'string' || typeof credential !== 'string' || typeof isStale !== 'boolean') return undefined;
  if (typeof createdAt !== 'number' || typeof renewedAt !== 'number' || typeof usedAt !== 'number') return undefined;
  if (groups !== undefined && !isTextList(groups)) return undefined;
  return { id, subject, consumer, credential, groups, createdAt, renewedAt, usedAt, isStale };
}

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
