// Whether this node may get requests: not while it drains or ends, not without its database, and not before it has been
// given a configuration where that comes from outside.
import type { Readiness } from '../../admin/status-server.ts';
import { isEmpty, type Store } from '../../store/store.ts';

export function createReadiness(store: Store): Readiness {
  let isDraining = false;
  return {
    drain() {
      isDraining = true;
    },
    problem() {
      if (isDraining) return 'draining';
      if (!store.isReachable) return 'failed to connect to database';
      return store.kind === 'declarative' && isEmpty(store.state) ? 'no configuration available' : undefined;
    },
  };
}
