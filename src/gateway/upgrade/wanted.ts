// Which protocol a request goes on with. Only WebSocket is passed on; other protocols could carry requests past the gateway.
import type { RequestContext } from '../context.ts';

export function upgradeOf({ exchange, isUpstreamHttp2 }: RequestContext): string | undefined {
  return exchange.upgrade?.toLowerCase() === 'websocket' && !isUpstreamHttp2 ? 'websocket' : undefined;
}
