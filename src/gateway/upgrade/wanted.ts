// Which protocol a request goes on with. Only WebSocket is passed on; other protocols could carry requests past the gateway.
import type { RequestContext } from '../context.ts';

export function upgradeOf({ exchange, chosen, isUpstreamHttp2 }: RequestContext): string | undefined {
  if (exchange.upgrade?.toLowerCase() !== 'websocket' || isUpstreamHttp2) return undefined;
  // Who looks at messages must be able to read them: no extension may change how they are written.
  if (chosen.socket.length > 0) exchange.headers.remove('Sec-WebSocket-Extensions');
  return 'websocket';
}
