// Deletes what has outlived its time to live. Several nodes may sweep the same store: each looks at the newest state, so
// an entity whose life was prolonged elsewhere stays, and one that is gone is not deleted again.
import { findExpired } from '../state/expiry.ts';
import type { Store } from './store.ts';

export async function deleteExpired(store: Store, nowMs: number): Promise<void> {
  const expired = findExpired(store.state, nowMs);
  if (expired.length === 0) return;
  if (!store.isReadOnly) {
    await store.commit((latest) => findExpired(latest, nowMs));
    return;
  }
  const rest = store.state.with(expired);
  if (rest.ok) await store.replace(rest.value, store.configurationHash);
}
