// The headers by which an upstream is told who the caller is. What a consumer gives to them is made once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Entity } from '../../schema/define.ts';
import { checkValue, type HeaderList } from '../http1/headers.ts';
import { NameSet } from '../http1/name-set.ts';
import { LineName, OwnLine } from '../http1/own-lines.ts';
import type { Remembered } from '../remembered.ts';

/** Header lines. */
export interface Identity {
  readonly id: OwnLine | undefined;
  readonly customId: OwnLine | undefined;
  readonly username: OwnLine | undefined;
}

const ID = new LineName('X-Consumer-ID');
const CUSTOM_ID = new LineName('X-Consumer-Custom-ID');
const USERNAME = new LineName('X-Consumer-Username');
const ANONYMOUS = new OwnLine(new LineName('X-Anonymous-Consumer'), 'true', true);
const NAMES = new NameSet(
  ['x-anonymous-consumer', 'x-consumer-custom-id', 'x-consumer-id', 'x-consumer-username', 'x-credential-identifier'],
  'exact',
);

const NOBODY: Identity = { id: undefined, customId: undefined, username: undefined };

export function setIdentity(
  headers: HeaderList,
  { identities, knownLines }: Pick<Remembered, 'identities' | 'knownLines'>,
  consumer: Entity | undefined,
  identifier: string | undefined,
  isAnonymous: boolean,
): void {
  const { id, customId, username } = consumer === undefined ? NOBODY : identityOf(identities, consumer);
  // What the client, or a plugin before, said under these names is not true of this caller.
  for (const name of headers.namesIn(NAMES) ?? []) headers.remove(name);
  if (id !== undefined) headers.appendLine(id);
  if (customId !== undefined) headers.appendLine(customId);
  if (username !== undefined) headers.appendLine(username);
  if (identifier !== undefined) headers.appendLine(knownLines.line('X-Credential-Identifier', utf8ToBytes(identifier)));
  if (isAnonymous) headers.appendLine(ANONYMOUS);
}

function identityOf(identities: WeakMap<Entity, Identity>, consumer: Entity): Identity {
  let identity = identities.get(consumer);
  if (identity === undefined) {
    identity = {
      id: lineOf(ID, consumer.id),
      customId: lineOf(CUSTOM_ID, consumer['custom_id']),
      username: lineOf(USERNAME, consumer['username']),
    };
    identities.set(consumer, identity);
  }
  return identity;
}

const lineOf = (name: LineName, value: unknown): OwnLine | undefined =>
  typeof value === 'string' ? new OwnLine(name, checkValue(name.name, utf8ToBytes(value)), true) : undefined;
