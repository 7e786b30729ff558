// How ids are made. The counting generator has one prefix and one count for all instances of the node, so that no two
// requests of a node share an id; a restarted node has another prefix.
import { newUuid } from '../../lib/ids.ts';
import type { Environment, RequestView } from '../../pdk/index.ts';

export type Generate = (request: RequestView) => string;

export function generatorOf(kind: 'uuid' | 'uuid#counter' | 'tracker', environment: Environment): Generate {
  if (kind === 'uuid') return newUuid;
  if (kind === 'tracker') return tracker(environment);
  const shared = environment.once('correlation-id', () => ({ prefix: `${newUuid()}#`, count: 0 }));
  return () => shared.prefix + ++shared.count;
}

/** `<address>-<port>-<process>-<connection>-<request on it>-<seconds since 1970>` */
const tracker =
  ({ clock }: Environment): Generate =>
  ({ connection }) => {
    const { localAddress, localPort, serial, requests } = connection;
    return `${localAddress}-${localPort}-${process.pid}-${serial}-${requests}-${(clock.now() / 1000).toFixed(3)}`;
  };
