// The Admin API as a client sees it: one place for addresses, credentials, TLS, time limits, and for turning every way a
// call can fail into an error that says what to do. Reads go through got; writes have their own pool in target.ts.
import type { Got } from 'got';
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { VERSION } from '../../lib/version.ts';

export interface Connection {
  /** Base address without a trailing slash; a path prefix is allowed. */
  readonly address: string;
  readonly workspace: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly tls: TlsOptions;
}

export interface TlsOptions {
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface AdminClient {
  readonly connection: Connection;
  /** GET of a path below the workspace. A status in `absent` answers undefined. */
  get(path: string, options?: { absent?: readonly number[] | undefined }): Promise<JsonObject | undefined>;
  /** POST that changes nothing (checks of bodies); throws what the gateway has against the body. */
  check(path: string, body: JsonObject): Promise<void>;
}

const READ_RETRIES = 3;
const MAX_RETRY_DELAY_MS = 10_000;

export async function createClient(connection: Connection, onTrace?: (line: string) => void): Promise<AdminClient> {
  const { default: got } = await import('got');
  const { tls } = connection;
  const http: Got = got.extend({
    headers: requestHeaders(connection),
    timeout: { request: connection.timeoutMs },
    followRedirect: false,
    https: {
      ...(tls.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: tls.rejectUnauthorized }),
      ...(tls.servername === undefined ? {} : { serverName: tls.servername }),
      ...(tls.ca === undefined ? {} : { certificateAuthority: tls.ca }),
      ...(tls.cert === undefined ? {} : { certificate: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    },
    retry: {
      limit: READ_RETRIES,
      methods: ['GET'],
      statusCodes: [429, 500, 502, 503, 504],
      errorCodes: ['ECONNRESET', 'EPIPE', 'EAI_AGAIN'],
      calculateDelay: ({ attemptCount, retryAfter, computedValue }) =>
        computedValue === 0 ? 0 : Math.min(retryAfter ?? Math.random() * 200 * 2 ** attemptCount, MAX_RETRY_DELAY_MS),
    },
  });
  return {
    connection,
    async get(path, options = {}) {
      const url = connection.address + workspacePrefix(connection) + path;
      const started = performance.now();
      const response = await http(url, { responseType: 'text', throwHttpErrors: true }).catch((error: unknown) =>
        answerOf(error, connection),
      );
      onTrace?.(`GET ${url} ${response.statusCode} ${Math.round(performance.now() - started)} ms`);
      if (options.absent?.includes(response.statusCode) === true) return undefined;
      if (response.statusCode !== 200) throw describeFailure('GET', path, response.statusCode, response.body);
      const body = parseBody(response.body);
      if (body === undefined) throw notKong(connection, `GET ${path} answered something that is no JSON object`);
      return body;
    },
    async check(path, body) {
      const url = connection.address + workspacePrefix(connection) + path;
      const response = await http
        .post(url, { json: body, responseType: 'text' })
        .catch((error: unknown) => answerOf(error, connection));
      onTrace?.(`POST ${url} ${response.statusCode}`);
      if (response.statusCode >= 300) throw describeFailure('POST', path, response.statusCode, response.body);
    },
  };
}

export const workspacePrefix = (connection: Connection): string =>
  connection.workspace === undefined ? '' : `/${encodeURIComponent(connection.workspace)}`;

export const requestHeaders = (connection: Connection): Record<string, string> => ({
  'user-agent': `gwctl/${VERSION}`,
  accept: 'application/json',
  ...connection.headers,
});

/** An answer with an error status is an answer; everything else that got throws means there was none. */
function answerOf(error: unknown, connection: Connection): { statusCode: number; body: string } {
  const response = (error as { response?: { statusCode: number; body: unknown } }).response;
  if (response !== undefined && response.statusCode >= 300) {
    return { statusCode: response.statusCode, body: String(response.body) };
  }
  throw unreachable(connection, error);
}

export function unreachable(connection: Connection, error: unknown): GwctlError {
  const { code, message } = error as { code?: string; message?: string };
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    ENOTFOUND: 'the host name does not resolve',
    ETIMEDOUT: `no answer within ${connection.timeoutMs / 1000} s`,
    ECONNRESET: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut',
    UND_ERR_HEADERS_TIMEOUT: `no answer within ${connection.timeoutMs / 1000} s`,
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${connection.timeoutMs / 1000} s`,
  };
  const reason = (code === undefined ? undefined : reasons[code]) ?? message ?? String(error);
  const isTls = code !== undefined && /CERT|SELF_SIGNED|TLS|SSL|UNABLE_TO_VERIFY/.test(code);
  return new GwctlError('E_UNREACHABLE', `cannot reach the Admin API at ${connection.address}: ${reason}`, {
    cause: error,
    ...(isTls
      ? { hint: 'Pass --ca-cert-file with the authority that signed its certificate, or --tls-skip-verify.' }
      : {}),
  });
}

export const notKong = (connection: Connection, reason: string): GwctlError =>
  new GwctlError('E_NOT_KONG', `${connection.address} is not the Admin API of a gateway: ${reason}`);

/** The error for an answer with an error status, with the message and the field errors of the Admin API. */
export function describeFailure(method: string, path: string, status: number, text: string): GwctlError {
  const body = parseBody(text);
  const message = typeof body?.['message'] === 'string' ? body['message'] : undefined;
  const call = `${method} ${path} answered status ${status}`;
  if (status === 401 || status === 403) {
    return new GwctlError('E_UNAUTHORIZED', `${call}${message === undefined ? '' : `: ${message}`}`);
  }
  if (body === undefined && status !== 404 && status < 500) {
    return new GwctlError('E_NOT_KONG', `${call} with a body that is no JSON: this is not an Admin API`);
  }
  const details = isObject(body?.['fields']) ? listFields(body['fields'], '').join('\n') : '';
  return new GwctlError('E_REMOTE', `${call}${message === undefined ? '' : `: ${message}`}`, { details });
}

function listFields(node: Json, path: string): string[] {
  if (Array.isArray(node)) return node.flatMap((item, i) => (item === null ? [] : listFields(item, `${path}[${i}]`)));
  if (isObject(node)) {
    return Object.entries(node).flatMap(([key, inner]) => listFields(inner, path === '' ? key : `${path}.${key}`));
  }
  return [`  ${path}: ${String(node)}`];
}

export function parseBody(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // HTML, an empty body, a cut one: the caller says which call it was.
    return undefined;
  }
}
