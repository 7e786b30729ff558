// Which client speaks, and whether it is the one that it says. Credentials are in the parameters, else in the header as
// with Basic authentication, else there is a name only.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import type { AccessExchange } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { parseBasicCredentials } from '../shared/basic-credentials.ts';
import { isSameSecret } from '../shared/same-secret.ts';
import { type Failure, INVALID_CLIENT, invalidRequest } from './failure.ts';
import type { Parameters } from './parameters.ts';
import { matchesHash } from './secret.ts';

export interface ClientCredentials {
  readonly id: string | undefined;
  readonly secret: string | undefined;
  readonly isFromHeader: boolean;
}

export function credentialsOf(
  { request }: Pick<AccessExchange, 'request'>,
  parameters: Parameters,
  headerName: string,
): ClientCredentials {
  const id = parameters.text('client_id');
  const secret = parameters.text('client_secret');
  if (id !== undefined && secret !== undefined) return { id, secret, isFromHeader: false };
  const basic = parseBasicCredentials(request.header(headerName) ?? '', 'basic');
  if (basic === undefined) return { id, secret: undefined, isFromHeader: false };
  return { id: basic.user, secret: bytesToUtf8(basic.password), isFromHeader: true };
}

export const clientTypeOf = (client: Entity): string => String(client['client_type'] ?? 'confidential');

/** Undefined when the client is who it says. */
export async function checkSecret(client: Entity, secret: string | undefined): Promise<Failure | undefined> {
  if (clientTypeOf(client) === 'public') {
    return secret === undefined || secret.trim() === ''
      ? undefined
      : invalidRequest('client_secret is disallowed for public clients');
  }
  const stored = client['client_secret'];
  if (typeof stored !== 'string' || stored === '' || secret === undefined || secret === '') return INVALID_CLIENT;
  const isRight = client['hash_secret'] === true ? await matchesHash(secret, stored) : isSameSecret(secret, stored);
  return isRight ? undefined : INVALID_CLIENT;
}
