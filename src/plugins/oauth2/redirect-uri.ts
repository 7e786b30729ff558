// Where a user is sent back to, and what is put into that address.

import { type FormArguments, formatSorted, parseArguments } from '../../lib/form-arguments.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { type Failure, WRONG_REDIRECT } from './failure.ts';
import type { Parameter } from './parameters.ts';

/** Those registered for a client; none is a client that cannot be used. */
export const redirectUrisOf = (client: Entity | undefined): readonly string[] =>
  (client?.['redirect_uris'] as readonly string[] | null | undefined) ?? [];

/** The address to use: the first one when none is asked for, and when another one is asked for than is registered. */
export function chooseRedirect(
  asked: Parameter,
  registered: readonly [string, ...string[]],
): { readonly uri: string; readonly failure: Failure | undefined } {
  if (asked === undefined) return { uri: registered[0], failure: undefined };
  return typeof asked === 'string' && registered.includes(asked)
    ? { uri: asked, failure: undefined }
    : { uri: registered[0], failure: WRONG_REDIRECT };
}

/** Values in the query, over those that the address has already. */
export function withQuery(uri: string, values: JsonObject): string {
  const mark = uri.indexOf('?');
  const base = mark < 0 ? uri : uri.slice(0, mark);
  const all: FormArguments = parseArguments(mark < 0 ? '' : uri.slice(mark + 1)) ?? new Map();
  for (const [name, value] of argumentsOf(values)) all.set(name, value);
  return `${base}?${formatSorted(all)}`;
}

/** Values in the fragment, which browsers keep to themselves. */
export const withFragment = (uri: string, values: JsonObject): string => `${uri}#${formatSorted(argumentsOf(values))}`;

const argumentsOf = (values: JsonObject): FormArguments =>
  new Map(
    Object.entries(values)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      .map(([name, value]) => [name, [String(value)]]),
  );
