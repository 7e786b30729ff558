// A proxy integration: the function's result says status, headers and body of the answer.
import { isObject, type Json } from '../../lib/json.ts';
import { type Answer, exit } from '../../pdk/index.ts';
import { decodeBase64 } from '../shared/basic-credentials.ts';
import { type AnswerHeaders, withVia } from '../shared/foreign-answer.ts';

export type Result =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: AnswerHeaders;
      readonly body: string | Uint8Array;
    }
  | { readonly ok: false; readonly reason: string };

const wrong = (reason: string): Result => ({ ok: false, reason });

export function readResult(text: string): Result {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return wrong('the result is not JSON');
  }
  if (!isObject(value)) return wrong('response must be a table');
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = value;
  const status = typeof statusCode === 'string' && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    return wrong('statusCode validation failed');
  }
  const single = headers ?? {};
  const multiple = multiValueHeaders ?? {};
  if (!isObject(single)) return wrong('headers must be a table');
  if (!isObject(multiple)) return wrong('multiValueHeaders must be a table');
  if ((body ?? null) !== null && typeof body !== 'string') return wrong('body must be a string');
  if ((isBase64Encoded ?? null) !== null && typeof isBase64Encoded !== 'boolean') {
    return wrong('isBase64Encoded must be a boolean');
  }
  const content = typeof body === 'string' ? body : '';
  const decoded = isBase64Encoded === true ? decodeBase64(content) : content;
  if (decoded === undefined) return wrong('body is not valid base64');
  return { ok: true, status, headers: merge(single, multiple), body: decoded };
}

function merge(single: Readonly<Record<string, Json>>, multiple: Readonly<Record<string, Json>>): AnswerHeaders {
  const headers: AnswerHeaders = {};
  for (const [name, value] of Object.entries(single)) {
    if (value !== null && typeof value !== 'object') headers[name.toLowerCase()] = String(value);
  }
  for (const [name, values] of Object.entries(multiple)) {
    if (!Array.isArray(values)) continue;
    const texts = values.filter((value) => value !== null && typeof value !== 'object').map(String);
    if (texts.length > 0) headers[name.toLowerCase()] = texts;
  }
  return headers;
}

export const badGateway = (reason: string): Answer =>
  exit(
    502,
    { message: 'Bad Gateway', error: `could not JSON decode Lambda function response: ${reason}` },
    withVia({}),
  );
