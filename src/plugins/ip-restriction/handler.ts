// ip-restriction at work: deny first, then allow. The address is the client's, behind the proxies that the node trusts.
import { type Answer, type Environment, error, type Phases, type PluginConfig } from '../../pdk/index.ts';
import { addressSet } from './ranges.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const denied = addressSet(config.deny ?? []);
  const hasAllowed = config.allow !== null && config.allow.length > 0;
  const allowed = addressSet(config.allow ?? []);
  const refuse = refusal(config, environment);
  const judge = ({ client: { ip } }: { readonly client: { readonly ip: string } }): Answer | undefined =>
    denied.has(ip) || (hasAllowed && !allowed.has(ip)) ? refuse(ip) : undefined;
  return { access: judge, preread: judge };
}

function refusal({ status, message }: Config, { log }: Environment): (ip: string) => Answer {
  let code = status ?? 403;
  if (!Number.isInteger(code) || code < 400 || code > 599) {
    log.error(`status ${code} is not the status of an error: refused requests are answered with 403`);
    code = 403;
  }
  return (ip) => {
    log.warn(`IP address not allowed: ${ip}`);
    return error(code, message ?? `IP address not allowed: ${ip}`);
  };
}
