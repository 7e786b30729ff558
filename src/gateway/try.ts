// One try to reach a peer, as log records show it.
import type { UpstreamTry } from '../pdk/index.ts';

export interface Try extends UpstreamTry {
  state?: 'failed' | 'next';
  code?: number;
}

const NS_PER_MS = 1_000_000;

/** @param choiceNs what it took to choose the peer, when it was measured; else the milliseconds have to do. */
export const newTry = (
  { address, port }: { readonly address: string; readonly port: number },
  startedAt: number,
  sentAt: number,
  choiceNs: number = (sentAt - startedAt) * NS_PER_MS,
): Try => ({
  ip: address,
  port,
  balancer_start: startedAt,
  balancer_start_ns: startedAt * NS_PER_MS,
  balancer_latency: sentAt - startedAt,
  balancer_latency_ns: choiceNs,
});

/** @param mark of `performance.now`. */
export const nanosecondsSince = (mark: number): number => Math.round((performance.now() - mark) * NS_PER_MS);
