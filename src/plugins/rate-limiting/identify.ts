// Whom a request is counted for. Where the configured identity is unknown it is the client's address.
import { createHash } from 'node:crypto';
import type { AccessExchange, PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = Pick<PluginConfig<typeof schema>, 'limit_by' | 'header_name' | 'path'>;

/** A client chooses header values; longer ones are counted under their digest, so that counters stay small. */
const MAX_IDENTIFIER = 256;

export function identifierOf({ limit_by, header_name, path }: Config): (exchange: AccessExchange) => string {
  switch (limit_by) {
    case 'ip':
      return ({ client }) => client.ip;
    case 'service':
      return ({ service, client }) => service?.id ?? client.ip;
    case 'credential':
      return ({ client }) => credentialId(client) ?? client.ip;
    case 'header':
      return ({ request, client }) => {
        const value = request.header(header_name ?? '');
        return value === undefined ? client.ip : bounded(value);
      };
    case 'path':
      return ({ request, client }) => (request.path === path ? path : client.ip);
    default:
      return ({ client }) => client.consumer?.id ?? credentialId(client) ?? client.ip;
  }
}

const bounded = (value: string): string =>
  value.length <= MAX_IDENTIFIER ? value : createHash('sha256').update(value, 'latin1').digest('hex');

function credentialId({ credential }: AccessExchange['client']): string | undefined {
  const id = credential?.['id'];
  return typeof id === 'string' ? id : undefined;
}
