// Requests that a gRPC route cannot serve: other content, an older HTTP, or clear text where only TLS will do.
import { answerError, answerGrpcCode } from './answer.ts';
import type { RequestContext } from './context.ts';

const CANCELLED = 1;

/** True when the request is answered. */
export function refuseForGrpcRoute(context: RequestContext, protocols: readonly string[]): boolean {
  const { exchange } = context;
  if (exchange.headers.get('content-type')?.startsWith('application/grpc') !== true) {
    answerError(context, 415, 'Non-gRPC request matched gRPC route');
    return true;
  }
  if (exchange.httpVersion !== 2) {
    const extra = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'HTTP/2'],
    ] as const;
    answerError(context, 426, 'Please use HTTP2 protocol', extra);
    return true;
  }
  if (protocols.includes('grpc') || context.scheme === 'https') return false;
  answerGrpcCode(context, CANCELLED, 'gRPC request matched gRPCs route', 'own');
  return true;
}
