// syslog at work: the record goes to the log of the system, with the severity of its response.
import type { Environment, LoggedExchange, Phases, PluginConfig } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import { createSeverityChooser } from '../shared/severity.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const FACILITY_CODES: Readonly<Record<Config['facility'], number>> = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

/** A connection has no response that could have failed. */
const OF_STREAMS = 200;

export function create(config: Config, { systemLog }: Environment): Phases {
  const facility = FACILITY_CODES[config.facility] * 8;
  const severityOf = createSeverityChooser(config);
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const send = (exchange: LoggedExchange, status: number): void => {
    setCustomFields(exchange);
    const severity = severityOf(status);
    if (severity !== undefined) systemLog.write(facility + severity, exchange.logText());
  };
  return {
    log: (exchange) => send(exchange, exchange.response.status),
    stream_log: (exchange) => send(exchange, OF_STREAMS),
  };
}
