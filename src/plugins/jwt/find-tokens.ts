// Where the tokens of a request are: query arguments, cookies and headers. Equal ones count once; several are an error that
// the caller tells.
import { argumentValues } from '../../lib/form-arguments.ts';
import type { RequestView } from '../../pdk/index.ts';
import { afterScheme } from '../shared/basic-credentials.ts';
import { cookieValues } from '../shared/cookies.ts';

export interface Places {
  readonly queryArguments: readonly string[];
  readonly cookies: readonly string[];
  readonly headers: readonly string[];
}

/** Two at most: whoever sends more is refused all the same. */
export function findTokens(request: RequestView, { queryArguments, cookies, headers }: Places): string[] {
  const tokens: string[] = [];
  const add = (token: string): void => {
    if (token !== '' && tokens.length < 2 && !tokens.includes(token)) tokens.push(token);
  };
  const query = request.rawQuery;
  if (query !== '') {
    for (const name of queryArguments) {
      for (const value of argumentValues(query, name)) if (value !== true) add(value);
    }
  }
  if (cookies.length > 0) {
    const header = request.header('cookie');
    for (const name of cookies) for (const value of cookieValues(header, name)) add(value);
  }
  for (const name of headers) {
    const value = request.header(name);
    const token = value === undefined ? undefined : afterScheme(value, 'bearer');
    if (token !== undefined) add(token);
  }
  return tokens;
}
