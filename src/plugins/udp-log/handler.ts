// udp-log at work: nothing waits for the datagram, and nothing says that it arrived.
import type { Environment, LoggedExchange, Phases, PluginConfig } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import { createLossReport } from '../shared/losses.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, { network, log, clock }: Environment): Phases {
  const { host, port } = config;
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const reportLoss = createLossReport(log, clock);
  const send = (exchange: LoggedExchange): void => {
    setCustomFields(exchange);
    network.udp(host, port, [exchange.logText()]).catch(reportLoss);
  };
  return {
    log: send,
    stream_log: send,
  };
}
