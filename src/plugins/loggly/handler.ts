// loggly at work: one syslog datagram (RFC 5424) a record, with the customer token and the tags as structured data.
import { hostname } from 'node:os';
import type { Environment, LoggedExchange, Phases, PluginConfig } from '../../pdk/index.ts';
import { customFieldSetter } from '../shared/custom-fields.ts';
import { createLossReport } from '../shared/losses.ts';
import { createSeverityChooser } from '../shared/severity.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

/** Facility `user`. */
const FACILITY = 1 * 8;
/** Loggly's number in the registry of private enterprises. */
const ENTERPRISE = 41058;

/** A connection has no response that could have failed. */
const OF_STREAMS = 200;

export function create(config: Config, { network, log, clock }: Environment): Phases {
  const host = config.host ?? 'logs-01.loggly.com';
  const port = config.port ?? 514;
  const severityOf = createSeverityChooser(config);
  const setCustomFields = customFieldSetter(config.custom_fields_by_lua);
  const reportLoss = createLossReport(log, clock);
  const tags = (config.tags ?? []).map((tag) => ` tag="${escapeParameter(tag)}"`);
  const head = `${hostname()} kong - - [${config.key}@${ENTERPRISE}${tags.join('')}]`;
  const send = (exchange: LoggedExchange, status: number): void => {
    setCustomFields(exchange);
    const severity = severityOf(status);
    if (severity === undefined) return;
    const time = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const datagram = `<${FACILITY + severity}>1 ${time} ${head} ${exchange.logText()}`;
    network.udp(host, port, [datagram]).catch(reportLoss);
  };
  return {
    log: (exchange) => send(exchange, exchange.response.status),
    stream_log: (exchange) => send(exchange, OF_STREAMS),
  };
}

const escapeParameter = (text: string): string => text.replace(/["\\\]]/g, '\\$&');
