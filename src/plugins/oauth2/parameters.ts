// Parameters of the two endpoints: of the query and of the body, which wins. A parameter that is repeated, or is no text, is
// not the same as one that is absent.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import type { AccessExchange } from '../../pdk/index.ts';
import { type BodyFields, hasFields, inQuery, readBodyFields } from '../shared/body-fields.ts';

export const NOT_A_TEXT: unique symbol = Symbol('there, but not one text');
export type Parameter = string | typeof NOT_A_TEXT | undefined;

export interface Parameters {
  get(name: string): Parameter;
  /** Undefined when it is no text. */
  text(name: string): string | undefined;
}

export const parametersOf = (rawQuery: string, body: BodyFields | undefined): Parameters => {
  const get = (name: string): Parameter => {
    const found = body?.find(name) ?? inQuery(rawQuery, name);
    if (found === undefined) return undefined;
    return typeof found === 'string' ? bytesToUtf8(found) : NOT_A_TEXT;
  };
  return {
    get,
    text(name) {
      const value = get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
};

/** Undefined when there is no body with fields, or it is too large or not what its type says. */
export async function readFields(request: AccessExchange['request']): Promise<BodyFields | undefined> {
  const type = request.header('content-type');
  if (type === undefined || !hasFields(type)) return undefined;
  const bytes = await request.body();
  return bytes === undefined ? undefined : readBodyFields(type, bytes);
}
