// Why a change to the state is refused: data, from which the Admin API makes its answer and the command line its report.
import type { JsonObject } from '../lib/json.ts';

export type Violation =
  /** An entity with this id exists already. */
  | { readonly code: 'primary_key'; readonly kind: string; readonly key: JsonObject }
  /** Another entity holds these values. */
  | { readonly code: 'unique'; readonly kind: string; readonly key: JsonObject; readonly holder: string }
  /** A reference points to nothing. */
  | {
      readonly code: 'foreign';
      readonly kind: string;
      readonly field: string;
      readonly reference: string;
      readonly key: JsonObject;
    }
  /** The entity cannot go: `by` still refers to it. */
  | { readonly code: 'referenced'; readonly kind: string; readonly id: string; readonly by: string }
  | { readonly code: 'not_found'; readonly kind: string; readonly key: JsonObject };

export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
