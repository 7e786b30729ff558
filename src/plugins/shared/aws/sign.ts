// Signature Version 4 of AWS: the headers that prove who sends a request. The time is part of it, so it is passed in.
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string | undefined;
  /** Milliseconds since the epoch; undefined for keys that do not expire. */
  readonly expiresAt: number | undefined;
}

export interface Signable {
  readonly method: string;
  readonly url: string;
  /** To be signed, besides Host and the date. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Answers all headers to send but Host. */
export function signRequest(
  { method, url, headers, body }: Signable,
  { accessKey, secretKey, sessionToken }: AwsCredentials,
  scope: { readonly region: string; readonly service: string; readonly now: number },
): Record<string, string> {
  const { host, pathname, searchParams } = new URL(url);
  const time = new Date(scope.now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const sent: Record<string, string> = {
    ...headers,
    'X-Amz-Date': time,
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
  };
  const signed = Object.entries({ ...sent, Host: host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    method,
    canonicalPath(pathname),
    canonicalQuery(searchParams),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const place = `${time.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const key = ['aws4_request', scope.service, scope.region, time.slice(0, 8)].reduceRight<string | Buffer>(
    (derived, part) => hmac(derived, part),
    `AWS4${secretKey}`,
  );
  const signature = hmac(key, [ALGORITHM, time, place, sha256(canonical)].join('\n')).toString('hex');
  return {
    ...sent,
    Authorization: `${ALGORITHM} Credential=${accessKey}/${place}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** The path as it is sent, encoded once more. */
const canonicalPath = (path: string): string => path.split('/').map(encode).join('/');

const canonicalQuery = (values: URLSearchParams): string =>
  [...values]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
