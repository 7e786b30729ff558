// A store whose writes are answered only when somebody else has caught up with them, too.
import type { Changes, Committed, Store } from './store.ts';

export function settlingStore(store: Store, settled: () => Promise<void>): Store {
  return {
    kind: store.kind,
    isReadOnly: store.isReadOnly,
    get state() {
      return store.state;
    },
    get isReachable() {
      return store.isReachable;
    },
    get configurationHash() {
      return store.configurationHash;
    },
    async commit(changes: Changes): Promise<Committed> {
      const committed = await store.commit(changes);
      await settled();
      return committed;
    },
    async replace(state, hash) {
      await store.replace(state, hash);
      await settled();
    },
    async fill(state, hash) {
      const isFilled = await store.fill(state, hash);
      await settled();
      return isFilled;
    },
    subscribe: (listener) => store.subscribe(listener),
    close: () => store.close(),
  };
}
