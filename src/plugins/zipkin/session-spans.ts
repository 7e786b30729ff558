// The spans of a connection that was passed through: the connection, its way to the upstream, one for each try to reach it.
import type { JsonObject } from '../../lib/json.ts';
import type { StreamLogExchange, UpstreamTry } from '../../pdk/index.ts';
import { newId } from '../shared/tracing/context.ts';
import {
  endpoint,
  remoteEndpoint,
  type SpanSettings,
  spanMaker,
  targetTags,
  times,
  timing,
  trySpans,
  withoutEmpty,
} from './span-parts.ts';

/** There is no method to be named after. */
const NAME = 'stream';

/** @param prereadStart undefined when the connection was over before. */
export function sessionSpansOf(
  exchange: StreamLogExchange,
  traceId: string,
  prereadStart: number | undefined,
  settings: SpanSettings,
  now: number,
): JsonObject[] {
  const { client, connection } = exchange;
  const tries = triesOf(exchange);
  const start = connection.startedAt;
  const prereadEnd = tries[0]?.balancer_start ?? now;
  const { tags, notes } = timing(settings, [['preread', 'kp', prereadStart, prereadEnd]]);
  const span = spanMaker(traceId, settings);
  const parentId = newId(8);
  const requestTags = { ...Object.fromEntries(settings.staticTags), lc: 'kong', 'kong.node.id': settings.nodeId };
  return [
    span({
      name: NAME,
      id: parentId,
      kind: 'SERVER',
      ...times(start, now),
      remoteEndpoint: endpoint(undefined, client.ip, client.port),
      tags: withoutEmpty(requestTags),
      annotations: [],
    }),
    span({
      name: `${NAME} (proxy)`,
      id: newId(8),
      parentId,
      ...times(prereadStart ?? start, now),
      remoteEndpoint: remoteEndpoint(exchange, settings),
      tags: withoutEmpty({ ...targetTags(exchange), ...tags }),
      annotations: notes,
    }),
    ...trySpans(tries, { name: NAME, span, parentId, target: exchange, settings, end: now, failure: () => ({}) }),
  ];
}

/** Plugins may have changed the record. */
function triesOf(exchange: StreamLogExchange): readonly UpstreamTry[] {
  const { tries } = exchange.logRecord();
  return Array.isArray(tries) ? (tries as unknown as UpstreamTry[]) : [];
}
