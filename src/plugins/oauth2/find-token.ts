// Where the access token of a proxied request is: in the header, else in the body, else in the query. Hiding takes it out of
// where it was found.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { formatSorted, parseArguments } from '../../lib/form-arguments.ts';
import type { AccessExchange } from '../../pdk/index.ts';
import { afterScheme } from '../shared/basic-credentials.ts';
import { type Found, hasFields, inQuery } from '../shared/body-fields.ts';
import { readFields } from './parameters.ts';

const PARAMETER = 'access_token';

export interface TokenPlace {
  readonly headerName: string;
  readonly isHidden: boolean;
}

/** Undefined when there is none. A promise only when the body has to be read. */
export function findToken(
  exchange: AccessExchange,
  place: TokenPlace,
): string | undefined | Promise<string | undefined> {
  const { request, upstream } = exchange;
  const header = request.header(place.headerName);
  if (header !== undefined) {
    if (place.isHidden) upstream.removeHeader(place.headerName);
    return inHeader(header);
  }
  const query = request.rawQuery;
  const found = query === '' ? undefined : inQuery(query, PARAMETER);
  if (found !== undefined && place.isHidden) upstream.setRawQuery(sortedRest(query));
  if (!hasFields(request.header('content-type'))) return textOf(found);
  return findInBody(exchange, place, found);
}

async function findInBody({ request, upstream }: AccessExchange, { isHidden }: TokenPlace, earlier: Found) {
  const fields = await readFields(request);
  const found = fields?.find(PARAMETER) ?? earlier;
  const rest = isHidden ? fields?.without(PARAMETER) : undefined;
  if (rest !== undefined) upstream.setBody(rest);
  return textOf(found);
}

/** The query without the token; what stays is sorted, as everywhere where arguments are set by name. */
function sortedRest(query: string): string {
  const values = new Map(parseArguments(query));
  values.delete(PARAMETER);
  return formatSorted(values);
}

const textOf = (found: Found): string | undefined =>
  typeof found === 'string' && found !== '' ? bytesToUtf8(found) : undefined;

/** What follows `bearer` or `token`; the whole value of any other form. */
function inHeader(header: string): string | undefined {
  const text = header.trim();
  const word = afterScheme(text, 'bearer') ?? afterScheme(text, 'token');
  return textOf(word === undefined || /\s/.test(word) ? text : word);
}
