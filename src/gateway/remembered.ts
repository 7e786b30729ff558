// What requests have worked out and the next ones would work out again: kept while the gateway runs, and bounded or weak.
import type { JsonObject } from '../lib/json.ts';
import { Authorities } from '../lib/uri.ts';
import type { Entity } from '../schema/define.ts';
import { HeaderMembers } from './observe/header-members.ts';
import { JsonBytes } from './observe/json-bytes.ts';
import type { Identity } from './views/identity.ts';
import { KnownLines } from './views/known-lines.ts';

export interface Remembered {
  /** Of Host headers. */
  readonly authorities: Authorities;
  /** Where log records are written, one after the other. */
  readonly record: JsonBytes;
  /** Headers as they stand there. */
  readonly headerMembers: HeaderMembers;
  /** JSON of stored entities, as log records carry it. */
  readonly entityBytes: WeakMap<Entity, Uint8Array>;
  /** Of credentials, what log records tell of them. */
  readonly credentialBytes: WeakMap<JsonObject, Uint8Array>;
  /** How consumers are named to upstreams. */
  readonly identities: WeakMap<Entity, Identity>;
  /** Headers that plugins set. */
  readonly knownLines: KnownLines;
}

export function rememberNothing(): Remembered {
  const record = new JsonBytes();
  return {
    authorities: new Authorities(),
    record,
    headerMembers: new HeaderMembers(record),
    entityBytes: new WeakMap(),
    credentialBytes: new WeakMap(),
    identities: new WeakMap(),
    knownLines: new KnownLines(),
  };
}
