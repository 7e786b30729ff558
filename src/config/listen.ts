// The grammar of `proxy_listen` and its kin: `address:port[ option]…`, several separated by commas, or `off`.
import { GwctlError } from '../lib/errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean;
  readonly http2: boolean;
  /** Connections begin with a PROXY header. */
  readonly proxyProtocol: boolean;
  /** Datagrams, not connections. */
  readonly udp: boolean;
  readonly backlog: number | undefined;
}

/** Options that change nothing here: the runtime decides them. */
const IGNORED = new Set(['reuseport', 'deferred', 'bind', 'ipv6only=on', 'ipv6only=off']);

export function parseListen(property: string, text: string): ListenAddress[] {
  if (text.trim() === 'off') return [];
  return text.split(',').map((entry) => parseEntry(property, entry.trim()));
}

function parseEntry(property: string, entry: string): ListenAddress {
  const [address = '', ...options] = entry.split(/\s+/);
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new GwctlError('E_CONFIG', `${property}: '${entry}' is no listen address`, {
      hint: 'Write address:port, such as 127.0.0.1:8000, [::]:8000 or 127.0.0.1:0 for a free port; or off.',
    });
  }
  const isForStreams = property === 'stream_listen';
  let ssl = false;
  let http2 = false;
  let proxyProtocol = false;
  let udp = false;
  let backlog: number | undefined;
  for (const option of options) {
    if (option === 'ssl') ssl = true;
    else if (option === 'http2' && !isForStreams) http2 = true;
    else if (option === 'proxy_protocol') proxyProtocol = true;
    else if (option === 'udp' && isForStreams) udp = true;
    else if (/^backlog=\d+$/.test(option)) backlog = Number(option.slice(8));
    else if (!IGNORED.has(option) && !option.startsWith('so_keepalive=')) {
      throw new GwctlError('E_CONFIG', `${property}: unknown option '${option}' in '${entry}'`, {
        hint: `Known options: ssl, ${isForStreams ? 'udp' : 'http2'}, proxy_protocol, reuseport, deferred, bind, backlog=N, ipv6only=on|off, so_keepalive=….`,
      });
    }
  }
  if (udp && (ssl || proxyProtocol)) {
    throw new GwctlError('E_CONFIG', `${property}: udp goes with neither ssl nor proxy_protocol in '${entry}'`, {
      hint: 'Listen on another port for TCP.',
    });
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port, ssl, http2, proxyProtocol, udp, backlog };
}

export const showAddress = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
