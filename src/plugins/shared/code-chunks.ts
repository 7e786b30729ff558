// Code that runs in phases: lists of chunks, run in order. The chunks are kept as text; nothing here judges their syntax.
import type { EntityCheck } from '../../schema/define.ts';

const chunks = (description: string) =>
  ({ type: 'array', required: true, default: [], elements: { type: 'string' }, description }) as const;

export const codeChunks = {
  certificate: chunks('Chunks to run when the certificate of a connection is chosen.'),
  rewrite: chunks('Chunks to run before a route is matched.'),
  access: chunks('Chunks to run before the request goes upstream.'),
  header_filter: chunks('Chunks to run when the response headers are known.'),
  body_filter: chunks('Chunks to run for every piece of the response body.'),
  log: chunks('Chunks to run after the response is sent.'),
} as const;

export const someChunk: EntityCheck = {
  check: 'at_least_one_of',
  fields: Object.keys(codeChunks).map((phase) => `config.${phase}`),
};
