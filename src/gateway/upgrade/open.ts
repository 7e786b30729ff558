// What becomes of a connection after 101: bytes pass unseen, unless a plugin of the route looks at messages.
import type { RequestContext } from '../context.ts';
import { runFrame } from '../plugins/run-frames.ts';
import { FrameTunnel } from './frame-tunnel.ts';
import { Tunnel, type TunnelOptions } from './tunnel.ts';

const CLIENT_BYTES = 1024 * 1024;
const SERVER_BYTES = 16 * 1024 * 1024;

export function openTunnel(context: RequestContext, options: TunnelOptions): void {
  if (context.chosen.socket.length === 0) {
    new Tunnel(options);
    return;
  }
  const { client = CLIENT_BYTES, server = SERVER_BYTES } = context.messageLimits;
  new FrameTunnel({
    ...options,
    maxBytes: { client, server },
    onFrame: (from, frame) => runFrame(context, from === 'client' ? 'ws_client_frame' : 'ws_server_frame', frame),
    onClosing(from, closing) {
      context.closings = { ...context.closings, [from]: closing };
    },
  });
}
