// The frame of every authentication plugin. Without `anonymous` each plugin must succeed (logical and). With it a caller
// whom an earlier plugin knows passes, and one whom nobody knows passes as the anonymous consumer (logical or).
import { utf8ToBytes } from '../lib/byte-text.ts';
import { isPromise } from '../lib/promise.ts';
import type { Entity } from '../schema/define.ts';
import { type Answer, error } from './answer.ts';
import type { Step } from './define.ts';
import type { Environment } from './environment.ts';
import type { AccessExchange } from './exchange.ts';

/** One plugin's own check: authenticates the client and returns nothing, or returns the refusal. */
export type Attempt = (exchange: AccessExchange) => Step;

/** Puts a plugin's check into the frame. */
export function withAnonymous(attempt: Attempt, anonymous: string | null, environment: Environment): Attempt {
  if (anonymous === null) return attempt;
  const orAnonymous = (exchange: AccessExchange, refusal: Answer | undefined): Answer | undefined => {
    if (refusal === undefined) return undefined;
    // A failure of the gateway is not a failure of the caller.
    if (refusal.status >= 500) return refusal;
    const consumer = findConsumer(anonymous, environment);
    if (consumer === undefined) {
      return error(500, `anonymous consumer ${anonymous} is configured but doesn't exist`);
    }
    exchange.client.authenticate(consumer, undefined, undefined);
    return undefined;
  };
  return (exchange) => {
    if (exchange.client.credential !== undefined) return undefined;
    const step = attempt(exchange);
    if (step === undefined) return undefined;
    return isPromise<Answer | undefined>(step)
      ? step.then((refusal) => orAnonymous(exchange, refusal))
      : orAnonymous(exchange, step as Answer);
  };
}

/** By id, else by username. */
export const findConsumer = (name: string, { entities }: Environment): Entity | undefined =>
  entities.get('consumers', name) ?? entities.find('consumers', 'username', name);

/** Whom a credential belongs to. */
export function ownerOf(credential: Entity, { entities }: Environment): Entity | undefined {
  const owner = credential['consumer'] as { id: string } | null;
  return owner === null ? undefined : entities.get('consumers', owner.id);
}

/** `Key realm="…"`, or the bare scheme without a realm: the value of WWW-Authenticate. */
export function challenge(scheme: string, realm: string | null): string {
  if (realm === null) return scheme;
  const quoted = realm.replace(/[\u0000-\u001f\u007f]/g, '').replace(/["\\]/g, '\\$&');
  return `${scheme} realm="${utf8ToBytes(quoted)}"`;
}

/** A stored `ttl` is the moment of expiry in seconds since the epoch; an expired entity counts as absent. */
export function hasExpired(entity: Entity, nowMs: number): boolean {
  const expiry = entity['ttl'];
  return typeof expiry === 'number' && expiry * 1000 <= nowMs;
}
