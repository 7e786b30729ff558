// The request as templates see it: as it was before this plugin changed anything. Only what some template names is read.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { type FormArguments, parseArguments } from '../../lib/form-arguments.ts';
import type { Json } from '../../lib/json.ts';
import type { AccessExchange, HeaderValues } from '../../pdk/index.ts';
import { templateValues } from '../shared/template-values.ts';
import type { Source } from './expression.ts';
import type { Scope } from './template.ts';
import type { Table, Value } from './values.ts';

const EMPTY: Table = { get: () => undefined, length: 0, text: undefined };

/** For templates that read nothing of the request. */
export const emptyScope = (fail: (reason: string) => void): Scope => ({
  headers: EMPTY,
  query_params: EMPTY,
  uri_captures: EMPTY,
  shared: EMPTY,
  fail,
});

export function readScope(
  { request, shared }: AccessExchange,
  uses: ReadonlySet<Source>,
  fail: (reason: string) => void,
): Scope {
  return {
    headers: uses.has('headers') ? headerTable(request.headers()) : EMPTY,
    query_params: uses.has('query_params') ? argumentTable(parseArguments(request.rawQuery)!) : EMPTY,
    uri_captures: uses.has('uri_captures') ? captureTable(request.captures) : EMPTY,
    shared: uses.has('shared') ? sharedTable(shared.get(templateValues)) : EMPTY,
    fail,
  };
}

/** Without regard to case, and with `_` for `-`. */
function headerTable(headers: HeaderValues): Table {
  return {
    ...EMPTY,
    get(key) {
      const name = String(key).toLowerCase();
      return oneOrList(headers[name] ?? headers[name.replaceAll('_', '-')]);
    },
  };
}

const argumentTable = (values: FormArguments): Table => ({
  ...EMPTY,
  get: (key) => {
    const found = values.get(String(key));
    return found !== undefined && found.length === 1 ? found[0] : oneOrList(found);
  },
});

/** Numbers are the groups in order, 0 the whole match; texts are the names of groups. */
const captureTable = (captures: AccessExchange['request']['captures']): Table => ({
  ...EMPTY,
  length: captures === undefined ? 0 : Math.max(0, captures.unnamed.length - 1),
  get(key) {
    if (captures === undefined) return undefined;
    if (typeof key === 'number') return captures.unnamed[key];
    return Object.hasOwn(captures.named, key) ? captures.named[key] : undefined;
  },
});

const sharedTable = (values: ReadonlyMap<string, Json> | undefined): Table => ({
  ...EMPTY,
  get: (key) => fromJson(values?.get(String(key))),
});

function fromJson(value: Json | undefined): Value {
  if (typeof value === 'string') return utf8ToBytes(value);
  if (typeof value !== 'object') return value;
  if (value === null) return undefined;
  if (Array.isArray(value)) return listOf(value.map(fromJson));
  return { ...EMPTY, get: (key) => (Object.hasOwn(value, key) ? fromJson(value[key]) : undefined) };
}

const oneOrList = (value: string | readonly Value[] | undefined): Value =>
  typeof value === 'object' ? listOf(value) : value;

/** Counted from one. As text, its values joined as a repeated header may be. */
const listOf = (items: readonly Value[]): Table => ({
  get: (key) => (typeof key === 'number' ? items[key - 1] : undefined),
  length: items.length,
  text: items.every((item) => typeof item !== 'object') ? items.map(String).join(', ') : undefined,
});
