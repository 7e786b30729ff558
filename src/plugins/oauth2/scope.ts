// Scopes that a client asks for and gets.
import { type Failure, invalidScope } from './failure.ts';
import { NOT_A_TEXT, type Parameter } from './parameters.ts';

export interface ScopeRules {
  readonly scopes: readonly string[] | null;
  readonly mandatory_scope: boolean;
}

export type Granted =
  | { readonly ok: true; readonly scope: string | undefined }
  | { readonly ok: false; readonly failure: Failure };

const refuse = (description: string): Granted => ({ ok: false, failure: invalidScope(description) });

/** Without configured scopes nothing is granted, whatever is asked for. */
export function grantScope(asked: Parameter, { scopes, mandatory_scope }: ScopeRules): Granted {
  if (asked === undefined) {
    return mandatory_scope ? refuse('You must specify a scope') : { ok: true, scope: undefined };
  }
  if (scopes === null) return { ok: true, scope: undefined };
  if (asked === NOT_A_TEXT) return refuse('scope must be a string');
  const words = splitScope(asked);
  if (words.length === 0 && mandatory_scope) return refuse('You must specify a scope');
  const unknown = words.find((word) => !scopes.includes(word));
  if (unknown !== undefined) return refuse(`"${unknown}" is an invalid scope`);
  return { ok: true, scope: words.length === 0 ? undefined : words.join(' ') };
}

/** Are all scopes that were granted once still to be had? */
export const isStillGranted = (scope: string | undefined, { scopes }: ScopeRules): boolean =>
  scope === undefined || splitScope(scope).every((word) => scopes?.includes(word) === true);

const splitScope = (text: string): string[] => text.split(' ').filter((word) => word !== '');
