// The ids that a request has in its trace, and whether it is traced. The upstream is told of them before anything is known of what
// comes of the request, so they are made first and the spans in the end.
import type { NodeTracing } from '../../pdk/index.ts';
import { type Incoming, isInShare, newId } from '../shared/tracing/context.ts';

export interface Trace {
  readonly traceId: string;
  /** Of the span before ours, when somebody told it. */
  readonly callerId: string | undefined;
  /** Of `kong`: all that happens to the request belongs to it. */
  readonly rootId: string;
  /** What the upstream is told that its spans belong to. */
  readonly told: Place;
  readonly isSampled: boolean;
}

export interface Place {
  readonly spanId: string;
  readonly parentId: string | undefined;
}

/** @param rate share of the requests whose caller did not decide. */
export function beginTrace(incoming: Incoming | undefined, tracing: NodeTracing, rate: number): Trace {
  const traceId = incoming?.traceId ?? newId(16);
  const callerId = incoming?.spanId ?? incoming?.parentId;
  const rootId = newId(8);
  return {
    traceId,
    callerId,
    rootId,
    told: tracing.has('balancer') ? { spanId: newId(8), parentId: rootId } : { spanId: rootId, parentId: callerId },
    isSampled: tracing.isOn && (incoming?.isSampled ?? isInShare(traceId, rate)),
  };
}
