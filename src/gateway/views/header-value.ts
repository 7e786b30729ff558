// Values of headers as plugins give them.
import type { HeaderValue } from '../../pdk/index.ts';
import { checkValue } from '../http1/headers.ts';

export const isList = (value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] =>
  typeof value === 'object';

/** As it is sent. Throws HeaderError for what would end the line. */
export const headerBytes = (name: string, value: HeaderValue): string =>
  checkValue(name, typeof value === 'string' ? value : String(value));
