// The headers by which an upstream is told who the caller is. What a consumer gives to them is made once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Entity } from '../../schema/define.ts';
import { checkValue, type HeaderList } from '../http1/headers.ts';
import { LineName, OwnLine } from '../http1/own-lines.ts';

/** Header lines. */
export interface Identity {
  readonly id: OwnLine | undefined;
  readonly customId: OwnLine | undefined;
  readonly username: OwnLine | undefined;
}

const ID = new LineName('X-Consumer-ID');
const CUSTOM_ID = new LineName('X-Consumer-Custom-ID');
const USERNAME = new LineName('X-Consumer-Username');
const IDENTIFIER = new LineName('X-Credential-Identifier');

const NOBODY: Identity = { id: undefined, customId: undefined, username: undefined };

export function setIdentity(
  headers: HeaderList,
  identities: WeakMap<Entity, Identity>,
  consumer: Entity | undefined,
  identifier: string | undefined,
): void {
  const { id, customId, username } = consumer === undefined ? NOBODY : identityOf(identities, consumer);
  put(headers, ID, id);
  put(headers, CUSTOM_ID, customId);
  put(headers, USERNAME, username);
  put(headers, IDENTIFIER, lineOf(IDENTIFIER, identifier, false));
}

function identityOf(identities: WeakMap<Entity, Identity>, consumer: Entity): Identity {
  let identity = identities.get(consumer);
  if (identity === undefined) {
    identity = {
      id: lineOf(ID, consumer.id, true),
      customId: lineOf(CUSTOM_ID, consumer['custom_id'], true),
      username: lineOf(USERNAME, consumer['username'], true),
    };
    identities.set(consumer, identity);
  }
  return identity;
}

const lineOf = (name: LineName, value: unknown, isKept: boolean): OwnLine | undefined =>
  typeof value === 'string' ? new OwnLine(name, checkValue(name.name, utf8ToBytes(value)), isKept) : undefined;

function put(headers: HeaderList, { name }: LineName, line: OwnLine | undefined): void {
  if (line === undefined) headers.remove(name);
  else headers.putLine(line);
}
