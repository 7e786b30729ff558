// Of the library: what reads and writes the formats of requests, for handlers.
export { bytesToUtf8, utf8ToBytes } from '../lib/byte-text.ts';
export { der } from '../lib/der.ts';
export { GwctlError } from '../lib/errors.ts';
export {
  type ArgumentValue,
  argumentValues,
  type FormArguments,
  formatArguments,
  formatSorted,
  parseArguments,
  withoutArgument,
} from '../lib/form-arguments.ts';
export { newRandomKey, newUuid } from '../lib/ids.ts';
export { isForbiddenKey, isObject, type Json, type JsonObject, valueAt } from '../lib/json.ts';
export { boundaryOf, formatMultipart, type Part, parseMultipart, renamePart, textPart } from '../lib/multipart.ts';
export { isPromise } from '../lib/promise.ts';
export { formatQuery, parseQuery } from '../lib/query.ts';
export type { QueueLimits, QueueOptions } from '../lib/queue.ts';
export { compilePattern } from '../lib/regex.ts';
export { escapePath } from '../lib/uri.ts';
export { KONG_VERSION } from '../lib/version.ts';
export { createRequest } from '../lib/x509-request.ts';
