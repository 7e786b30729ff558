// The ids that a request has in its trace, and whether it is traced. The upstream is told of them before anything is known of what
// comes of the request, so they are made first and the spans in the end.
import type { NodeTracing } from '../../pdk/index.ts';
import { type Incoming, isInShare, newId } from '../shared/tracing/context.ts';

export interface Trace {
  readonly traceId: string;
  /** Of the span before ours, when somebody told it. */
  readonly callerId: string | undefined;
  /** Of `kong`, or where that is not made of the caller's: all that happens to the request belongs to it. */
  readonly rootId: string | undefined;
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
  // Where nothing is made, the upstream is still told of a span of this node: nobody records either.
  const hasRoot = tracing.has('request') || !tracing.isOn;
  const root = hasRoot ? { spanId: newId(8), parentId: callerId } : placeOfCaller(incoming);
  return {
    traceId,
    callerId,
    rootId: root?.spanId,
    told: tracing.has('balancer') || root === undefined ? { spanId: newId(8), parentId: root?.spanId } : root,
    isSampled: tracing.isOn && (incoming?.isSampled ?? isInShare(traceId, rate)),
  };
}

function placeOfCaller(incoming: Incoming | undefined): Place | undefined {
  const { spanId, parentId } = incoming ?? {};
  if (spanId !== undefined) return { spanId, parentId };
  return parentId === undefined ? undefined : { spanId: parentId, parentId: undefined };
}
