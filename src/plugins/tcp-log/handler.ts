// tcp-log at work: one line a record over a connection that the gateway keeps. What is under way when it breaks is lost.
import type { Environment, LoggedExchange, Phases, PluginConfig, TcpTarget } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import { createLossReport } from '../shared/losses.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, { network, log, clock }: Environment): Phases {
  const target: TcpTarget = {
    host: config.host,
    port: config.port,
    tls: config.tls ? { serverName: config.tls_sni ?? undefined } : undefined,
    timeoutMs: config.timeout ?? 10_000,
    keepAliveMs: config.keepalive ?? 60_000,
  };
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const reportLoss = createLossReport(log, clock);
  const send = (exchange: LoggedExchange): void => {
    setCustomFields(exchange);
    network.tcp(target, `${exchange.logText()}\n`).catch(reportLoss);
  };
  return {
    log: send,
    stream_log: send,
  };
}
