// Which hosts an instance obtains certificates for, and answers challenges of.
import { isIP } from 'node:net';
import type { PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function hostCheck({ domains, allow_any_domain, enable_ipv4_common_name }: Config): (host: string) => boolean {
  const exact = new Set<string>();
  const ends: string[] = [];
  const starts: string[] = [];
  for (const domain of domains ?? []) {
    const name = domain.toLowerCase();
    if (name.startsWith('*')) ends.push(name.slice(1));
    else if (name.endsWith('*')) starts.push(name.slice(0, -1));
    else exact.add(name);
  }
  return (host) => {
    if (host === '' || isIP(host) === 6 || (isIP(host) === 4 && enable_ipv4_common_name === false)) return false;
    if (allow_any_domain === true) return /^[a-z0-9.-]{1,253}$/.test(host);
    return exact.has(host) || ends.some((end) => host.endsWith(end)) || starts.some((start) => host.startsWith(start));
  };
}
