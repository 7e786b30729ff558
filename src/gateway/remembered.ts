// What requests have worked out and the next ones would work out again: kept while the gateway runs, and bounded or weak.
import type { JsonObject } from '../lib/json.ts';
import { Authorities } from '../lib/uri.ts';
import type { Entity } from '../schema/define.ts';
import { HeaderMembers } from './observe/header-members.ts';
import type { Identity } from './views/identity.ts';
import { KnownNames } from './views/known-names.ts';

export interface Remembered {
  /** Of Host headers. */
  readonly authorities: Authorities;
  /** Headers as log records carry them. */
  readonly headerMembers: HeaderMembers;
  /** JSON of stored entities, as log records carry it. */
  readonly entityTexts: WeakMap<Entity, string>;
  /** Of credentials, what log records tell of them. */
  readonly credentialTexts: WeakMap<JsonObject, string>;
  /** How consumers are named to upstreams. */
  readonly identities: WeakMap<Entity, Identity>;
  /** Of headers that plugins set. */
  readonly knownNames: KnownNames;
}

export const rememberNothing = (): Remembered => ({
  authorities: new Authorities(),
  headerMembers: new HeaderMembers(),
  entityTexts: new WeakMap(),
  credentialTexts: new WeakMap(),
  identities: new WeakMap(),
  knownNames: new KnownNames(),
});
