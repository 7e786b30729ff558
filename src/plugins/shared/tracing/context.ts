// What trace headers carry, whatever their format: ids as lower-case hexadecimal text, and the decision to record.
import { randomBytes } from 'node:crypto';

export type ExtractFormat = 'w3c' | 'b3' | 'jaeger' | 'ot' | 'datadog' | 'aws' | 'gcp' | 'instana';
export type InjectFormat = ExtractFormat | 'b3-single';

/** As it came in. A caller may tell his decision without ids. */
export interface Incoming {
  readonly format: InjectFormat;
  /** 16 or 32 digits. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly parentId: string | undefined;
  readonly isSampled: boolean | undefined;
  /** b3: the caller wants the trace in any case. */
  readonly isDebug: boolean;
  /** Caller and callee share one span: its id is taken over. */
  readonly sharesSpan: boolean;
  /** Values that travel with the trace; jaeger and ot. */
  readonly baggage: readonly (readonly [string, string])[];
}

/** As it goes out. */
export interface Outgoing {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly isSampled: boolean;
}

export const newId = (bytes: number): string => {
  const id = randomBytes(bytes);
  // All zeros means "no id".
  if (id.every((byte) => byte === 0)) id[bytes - 1] = 1;
  return id.toString('hex');
};

/** Keeps the right-most digits, or fills up with zeros on the left. */
export const sized = (id: string, digits: number): string =>
  id.length > digits ? id.slice(-digits) : id.padStart(digits, '0');

const TWO_TO_64 = 2n ** 64n;

/** The share of trace ids that are recorded: the last 64 bits decide, so every node decides the same. */
export function isInShare(traceId: string, share: number): boolean {
  if (share >= 1) return true;
  if (share <= 0) return false;
  const limit = BigInt(Math.floor(share * 2 ** 53)) * (TWO_TO_64 / 2n ** 53n);
  return BigInt(`0x${sized(traceId, 16)}`) < limit;
}
