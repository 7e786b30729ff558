// The upstream's own answer as plugins see it before any of them changes it.
import type { UpstreamAnswer } from '../../pdk/index.ts';
import type { UpstreamHead } from '../http1/upstream.ts';

export const upstreamAnswer = ({ status, length, headers }: UpstreamHead): UpstreamAnswer => ({
  status,
  length,
  header: (name) => headers.get(name),
  headerValues: (name) => headers.getAll(name),
  entries: () => headers.entries(),
});
