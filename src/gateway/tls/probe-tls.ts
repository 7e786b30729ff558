// What health checks over TLS show and trust: the upstream's own certificate, else the one of the node. Read from the
// stored configuration at every probe, so that a renewed certificate counts at once.
import type { Store } from '../../store/store.ts';
import type { ProbeTls } from '../balancer/health/probe.ts';
import type { ResolvedCertificates } from '../vault/resolved-certificates.ts';
import { pairsOf } from './handshakes.ts';
import type { UpstreamTlsDefaults } from './upstream-contexts.ts';

export function probeTlsFrom(
  store: Store,
  certificates: ResolvedCertificates,
  defaults: UpstreamTlsDefaults | undefined,
): (certificateId: string | undefined) => ProbeTls {
  const shown = defaults?.certificate;
  const own = shown === undefined ? {} : { cert: [shown.cert], key: [shown.key] };
  const ca = defaults?.trusted;
  return (certificateId) => {
    const certificate = certificateId === undefined ? undefined : certificates.get(store.state, certificateId);
    return { ...(certificate === undefined ? own : pairsOf(certificate)), ca };
  };
}
