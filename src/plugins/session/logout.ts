// Whether a request asks to log out: its method may, and the argument is in the query or, if that is configured, in the body.
import type { AccessExchange, PluginConfig } from '../../pdk/index.ts';
import { hasFields, inQuery, readBodyFields } from '../shared/body-fields.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export type LogoutCheck = (request: AccessExchange['request']) => boolean | Promise<boolean>;

export function logoutCheck(config: Config): LogoutCheck {
  const methods = new Set<string>(config.logout_methods ?? []);
  const { logout_query_arg: inQueryArgument, logout_post_arg: inBodyField } = config;

  async function isInBody(request: AccessExchange['request'], name: string): Promise<boolean> {
    const bytes = await request.body();
    if (bytes === undefined) return false;
    return readBodyFields(request.header('content-type') ?? '', bytes)?.find(name) !== undefined;
  }

  return (request) => {
    if (!methods.has(request.method)) return false;
    if (inQueryArgument !== null && inQuery(request.rawQuery, inQueryArgument) !== undefined) return true;
    if (config.read_body_for_logout !== true || request.method === 'GET' || inBodyField === null) return false;
    return hasFields(request.header('content-type')) && isInBody(request, inBodyField);
  };
}
