// One measured piece of work. Times are milliseconds since the epoch, with fractions where they are known.
import type { SpanEvent } from '../../../pdk/index.ts';

export type AttributeValue = string | number | boolean;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  readonly isError: boolean;
  readonly events?: readonly SpanEvent[];
}
