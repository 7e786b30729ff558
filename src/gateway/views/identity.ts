// The headers by which an upstream is told who the caller is. What a consumer gives to them is put into bytes once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Entity } from '../../schema/define.ts';
import { checkValue, type HeaderList } from '../http1/headers.ts';

/** As bytes that may stand in a header. */
export interface Identity {
  readonly id: string | undefined;
  readonly customId: string | undefined;
  readonly username: string | undefined;
}

const NOBODY: Identity = { id: undefined, customId: undefined, username: undefined };

export function setIdentity(
  headers: HeaderList,
  identities: WeakMap<Entity, Identity>,
  consumer: Entity | undefined,
  identifier: string | undefined,
): void {
  const { id, customId, username } = consumer === undefined ? NOBODY : identityOf(identities, consumer);
  put(headers, 'X-Consumer-ID', id);
  put(headers, 'X-Consumer-Custom-ID', customId);
  put(headers, 'X-Consumer-Username', username);
  put(headers, 'X-Credential-Identifier', bytesOf('X-Credential-Identifier', identifier));
}

function identityOf(identities: WeakMap<Entity, Identity>, consumer: Entity): Identity {
  let identity = identities.get(consumer);
  if (identity === undefined) {
    identity = {
      id: bytesOf('X-Consumer-ID', consumer.id),
      customId: bytesOf('X-Consumer-Custom-ID', consumer['custom_id']),
      username: bytesOf('X-Consumer-Username', consumer['username']),
    };
    identities.set(consumer, identity);
  }
  return identity;
}

const bytesOf = (name: string, value: unknown): string | undefined =>
  typeof value === 'string' ? checkValue(name, utf8ToBytes(value)) : undefined;

function put(headers: HeaderList, name: string, bytes: string | undefined): void {
  if (bytes === undefined) headers.remove(name);
  else headers.put(name, bytes);
}
