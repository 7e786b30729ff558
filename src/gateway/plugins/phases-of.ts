// What `create` of a plugin returned, made ready to run: a phase that does not exist is told, and `ws_handshake` takes the
// turn of `access` for requests that ask for a WebSocket.
import type { AccessExchange, Environment, HandshakeExchange, Phases } from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';

const NAMES: Readonly<Record<keyof Phases, true>> = {
  certificateWish: true,
  certificate: true,
  rewrite: true,
  access: true,
  ws_handshake: true,
  ws_client_frame: true,
  ws_server_frame: true,
  ws_close: true,
  retry: true,
  response: true,
  needs_response: true,
  upstream_answer: true,
  header_filter: true,
  body_filter: true,
  log: true,
  preread: true,
  stream_log: true,
  close: true,
};

export function phasesOf(phases: Phases, log: Environment['log']): Phases {
  for (const [name, value] of Object.entries(phases)) {
    if (typeof value !== 'function' || Object.hasOwn(NAMES, name)) continue;
    log.warn(`'${name}' is no phase and never runs; there are ${Object.keys(NAMES).join(', ')}`);
  }
  return phases.ws_handshake === undefined ? phases : withHandshake(phases);
}

/** Through the plugin's own object, which may be of a class. */
const withHandshake = (phases: Phases): Phases =>
  new Proxy(phases, {
    get(target, name) {
      if (name === 'access') {
        return (exchange: HandshakeExchange) =>
          asksForWebSocket(exchange) ? target.ws_handshake!(exchange) : target.access?.(exchange);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** The gateway's own view knows: plugins see no headers that are meant for one connection. */
const asksForWebSocket = (exchange: AccessExchange): boolean =>
  (exchange as RequestContext).exchange.upgrade?.toLowerCase() === 'websocket';
