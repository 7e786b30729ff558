// One try to reach a peer: what is noted of it while it runs, and how log records show it.
import type { UpstreamTry } from '../pdk/index.ts';

export interface Try {
  readonly peer: { readonly address: string; readonly port: number };
  /** Milliseconds since the epoch: when the choice of a peer began, and when it was made. */
  readonly startedAt: number;
  readonly sentAt: number;
  /** What it took to choose the peer, where it was measured; else the milliseconds have to do. */
  readonly choiceNs: number | undefined;
  state: 'failed' | 'next' | undefined;
  /** Status that stands for the failure. */
  code: number;
}

const NS_PER_MS = 1_000_000;

export const newTry = (peer: Try['peer'], startedAt: number, sentAt: number, choiceNs?: number): Try => ({
  peer,
  startedAt,
  sentAt,
  choiceNs,
  state: undefined,
  code: 0,
});

export const recordTry = ({ peer, startedAt, sentAt, choiceNs, state, code }: Try): UpstreamTry => ({
  ip: peer.address,
  port: peer.port,
  balancer_start: startedAt,
  balancer_start_ns: startedAt * NS_PER_MS,
  balancer_latency: sentAt - startedAt,
  balancer_latency_ns: choiceNs ?? (sentAt - startedAt) * NS_PER_MS,
  ...(state !== undefined && { state, code }),
});

/** @param mark of `performance.now`. */
export const nanosecondsSince = (mark: number): number => Math.round((performance.now() - mark) * NS_PER_MS);
