// How a request's body is delimited: these lines are the engine's and stand in no list, and who asks for headers asks for
// them too.
import type { RequestContext } from './context.ts';

/** As the body goes upstream: a plugin may have replaced it. Lower-case names. */
export function framingLines({ exchange, upstreamBody }: RequestContext): [name: string, value: string][] {
  const { hasLength, body } = exchange;
  if (upstreamBody !== undefined) return [['content-length', String(upstreamBody.length)]];
  if (hasLength) return [['content-length', String(body.length)]];
  return body.kind === 'chunked' ? [['transfer-encoding', 'chunked']] : [];
}

const LENGTHS: ReadonlySet<number> = new Set([6, 14, 17]);

/** The value of one of them, or of Expect. */
export function framingValue(context: RequestContext, name: string): string | undefined {
  if (!LENGTHS.has(name.length)) return undefined;
  const wanted = name.toLowerCase().replaceAll('_', '-');
  if (wanted === 'expect') return context.exchange.expectsContinue ? '100-continue' : undefined;
  return framingLines(context).find(([line]) => line === wanted)?.[1];
}
