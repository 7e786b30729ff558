// What state files say, as the state that a gateway starts from.
import { formatDiagnostic } from '../../control/file/diagnostics.ts';
import type { Loaded } from '../../control/file/load.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { startLifetimes } from '../../state/expiry.ts';
import type { State } from '../../state/state.ts';
import { hashState, NO_HASH } from '../../store/hash.ts';
import { loadInputs } from '../state-inputs.ts';

export interface LoadedState {
  readonly state: State;
  readonly hash: string;
  /** As they are printed. */
  readonly warnings: readonly string[];
}

export interface LoadedFiles extends LoadedState, Pick<Loaded, 'writtenFor'> {}

export interface StateFiles {
  readonly inputs: readonly string[];
  /** Naming the content costs time that a store in memory has no use for. */
  readonly isNamed: boolean;
}

export async function loadState({ inputs, isNamed }: StateFiles, schemas: SchemaSet): Promise<LoadedFiles> {
  const { state, warnings, writtenFor } = await loadInputs(inputs, { schemas, ids: 'deterministic' });
  return {
    // Before times to live become moments: the same file has the same hash tomorrow.
    hash: isNamed ? hashState(state) : NO_HASH,
    state: startLifetimes(state, Date.now()),
    warnings: warnings.map(formatDiagnostic),
    writtenFor,
  };
}
