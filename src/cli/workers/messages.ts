// What the primary process and its workers tell each other. Everything passes as JSON: entities as the rows that databases
// keep, failures as what is needed to throw them again.
import type { Config } from '../../config/load.ts';
import type { SharedVerdict } from '../../gateway/balancer/registry.ts';
import type { GatewayCounters } from '../../gateway/gateway.ts';
import { type ErrorCode, GwctlError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Addition, Wanted } from '../../pdk/index.ts';
import type { Change } from '../../state/state.ts';
import type { Row } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { ServeTls } from '../serve/serve-tls.ts';
import type { WireFamily } from './figures.ts';

export interface StoreFacts {
  readonly kind: Store['kind'];
  readonly isReadOnly: boolean;
  readonly isReachable: boolean;
  readonly hash: string;
  readonly hasSharedCounters: boolean;
}

export interface StateNews {
  /** Grows by one with every state. */
  readonly sequence: number;
  /** With the start all that there is, then what has changed. */
  readonly rows: readonly Row[];
  readonly facts: StoreFacts;
}

/** Whose counters are meant: those of this node's processes, or those that all nodes of the store share. */
export type CountersOf = 'node' | 'store';

export type Call =
  | { readonly method: 'commit'; readonly sequence: number; readonly changes: readonly Change[] }
  | { readonly method: 'takeOne'; readonly of: CountersOf; readonly calls: readonly (readonly Wanted[])[] }
  | { readonly method: 'read'; readonly of: CountersOf; readonly keys: readonly string[] }
  | { readonly method: 'add'; readonly of: CountersOf; readonly additions: readonly Addition[] };

/** What plugins tell those in the other processes. */
export interface PluginEvent {
  readonly type: 'event';
  readonly topic: string;
  readonly message: Json;
}

export type ToWorker =
  | {
      readonly type: 'start';
      readonly config: Config;
      readonly nodeId: string;
      readonly tls: ServeTls;
      readonly news: StateNews;
      readonly verdicts: readonly SharedVerdict[];
      readonly logLevel: string;
    }
  | { readonly type: 'news'; readonly news: StateNews }
  | { readonly type: 'reply'; readonly id: number; readonly value?: unknown; readonly error?: WireError }
  | { readonly type: 'verdict'; readonly verdict: SharedVerdict }
  | PluginEvent
  | { readonly type: 'logLevel'; readonly level: string }
  | { readonly type: 'reopen' }
  | { readonly type: 'figures' }
  | { readonly type: 'stop'; readonly graceMs: number };

export interface Place {
  readonly address: string;
  readonly port: number;
  readonly family: string;
}

export type ToPrimary =
  | { readonly type: 'up' }
  | { readonly type: 'ready'; readonly addresses: readonly Place[]; readonly streamAddresses: readonly Place[] }
  | { readonly type: 'failed'; readonly error: WireError }
  | { readonly type: 'settled'; readonly sequence: number }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  | { readonly type: 'verdict'; readonly verdict: SharedVerdict }
  | PluginEvent
  | { readonly type: 'figures'; readonly figures: WorkerFigures };

export interface WorkerFigures {
  readonly counters: GatewayCounters;
  readonly families: readonly WireFamily[];
}

export interface WireError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string;
  readonly details: string;
}

export const packError = (error: unknown): WireError =>
  error instanceof GwctlError
    ? { code: error.code, message: error.message, hint: error.hint, details: error.details }
    : { code: undefined, message: error instanceof Error ? error.message : String(error), hint: '', details: '' };

export const unpackError = ({ code, message, hint, details }: WireError): Error =>
  code === undefined ? new Error(message) : new GwctlError(code, message, { hint, details });
