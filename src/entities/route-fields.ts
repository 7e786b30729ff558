// The fields that expressions of routes may name: of requests, and of connections that are passed through as they are.
import type { FieldTable } from '../lib/expression/tree.ts';

const connection = {
  'net.protocol': 'String',
  'tls.sni': 'String',
  'net.src.port': 'Int',
  'net.dst.port': 'Int',
  'net.src.ip': 'IpAddr',
  'net.dst.ip': 'IpAddr',
} as const;

const aliases = { 'net.port': 'net.dst.port' };

export const SEGMENTS = 'http.path.segments.';

export const requestFields: FieldTable = {
  fields: {
    ...connection,
    'http.method': 'String',
    'http.host': 'String',
    'http.path': 'String',
    'http.path.segments.len': 'Int',
  },
  families: { [SEGMENTS]: 'String', 'http.headers.': 'String', 'http.queries.': 'String' },
  aliases,
};

export const connectionFields: FieldTable = { fields: connection, families: {}, aliases };

export interface SegmentRange {
  readonly from: number;
  readonly to: number | undefined;
}

/** `2` or `0_2`: numbers without leading zeros, the second greater. */
export function readSegmentRange(label: string): SegmentRange | undefined {
  const found = /^(0|[1-9]\d{0,3})(?:_([1-9]\d{0,3}))?$/.exec(label);
  if (found === null) return undefined;
  const from = Number(found[1]);
  const to = found[2] === undefined ? undefined : Number(found[2]);
  return to !== undefined && to <= from ? undefined : { from, to };
}
