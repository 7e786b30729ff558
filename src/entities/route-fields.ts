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

export const requestFields: FieldTable = {
  fields: {
    ...connection,
    'http.method': 'String',
    'http.host': 'String',
    'http.path': 'String',
    'http.path.segments.len': 'Int',
  },
  families: { 'http.path.segments.': 'String', 'http.headers.': 'String', 'http.queries.': 'String' },
  aliases,
};

export const connectionFields: FieldTable = { fields: connection, families: {}, aliases };
