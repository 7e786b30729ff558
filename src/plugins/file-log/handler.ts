// file-log at work. The gateway owns the files: they are shared by path, and what cannot be written is reported there and
// never delays or fails a request.
import type { Environment, LoggedExchange, Phases, PluginConfig } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, { files }: Environment): Phases {
  const { path } = config;
  const options = { reopen: config.reopen };
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const send = (exchange: LoggedExchange): void => {
    setCustomFields(exchange);
    files.append(path, exchange.logLine(), options);
  };
  return {
    log: send,
    stream_log: send,
  };
}
