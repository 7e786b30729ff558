// A small body is read before the request is sent, so that it can be sent again and a slow client holds no upstream; unless
// the route wants none of that. One that turns out large is streamed from its beginning.
import type { Entity } from '../schema/define.ts';
import type { RequestContext } from './context.ts';

/** Calls `send` at once when there is nothing to read. */
export function withBody(context: RequestContext, send: () => void): void {
  const { exchange, core } = context;
  const { body } = exchange;
  const limit = core.config.bufferBodyBytes;
  const buffered = (context.route as Entity)['request_buffering'] !== false && !context.isUpstreamHttp2;
  const small = (body.length ?? 0) <= limit;
  if (context.upstreamBody !== undefined || body.replayable || !buffered || !small) return send();
  context.timeline?.enter('request_body');
  body
    .read(limit)
    .then(() => {
      if (!exchange.finished) send();
    })
    .catch((error: unknown) => {
      // The client went away while it was sending; there is nobody to answer.
      core.events.log('debug', 'request body could not be read', { request_id: context.id, error: String(error) });
      exchange.abort();
    });
}
