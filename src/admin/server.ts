// The Admin API server, on Node's own HTTP: it is not the hot path. Loopback by default; a request that comes through a
// browser page of another origin, or for another host name, is refused before it is read.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { GwctlError } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';
import { createServer, STATUS_CODES } from '../lib/node-http.ts';
import { KONG_VERSION } from '../lib/version.ts';
import type { AutoSource } from '../schema/process.ts';
import type { Store } from '../store/store.ts';
import { type BodyResult, collectBody, DOCUMENT_LIMITS, ENTITY_LIMITS, headOf, parseBody, tooLarge } from './body.ts';
import { serveEndpoint } from './crud.ts';
import { LARGE_BYTES, type LoadApart, loadLarge } from './declarative/large.ts';
import { createEndpointFinder, type EndpointFinder, METHODS } from './endpoint.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import type { NodeInfo } from './node.ts';
import { message, methodNotAllowed, notFound, type Reply } from './reply.ts';
import { findSpecial, listSpecial, type ParseDocument, type SpecialRoute } from './special.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const MAX_ARGUMENTS = 1000;
const MAX_REQUEST_LINE = 8192;
const NO_BODY = { ok: true, value: {}, isForm: false, text: undefined } as const;

export interface AdminOptions {
  readonly store: Store;
  readonly node: NodeInfo;
  readonly auto: AutoSource;
  /** For configurations that come as text; JSON only when absent. */
  readonly parse?: ParseDocument;
  /** Reads large configurations where that keeps nobody waiting; all are read here when absent. */
  readonly loadApart?: LoadApart;
  readonly guard?: GuardOptions;
  /** Endpoints that plugins add; asked for each request, for plugins may change. */
  readonly pluginRoutes?: () => readonly SpecialRoute[];
  /** Resolves when requests are served by what was written: a write is answered after that. */
  readonly settled?: () => Promise<void>;
  readonly onError?: (error: unknown) => void;
}

export interface Target {
  /** Percent-decoded; a trailing slash does not count. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

export function createAdminServer(options: AdminOptions): Server {
  let { schemas } = options.store.state;
  let finder = createEndpointFinder(schemas);
  const answer = async (request: IncomingMessage, target: Target): Promise<Reply> => {
    if (options.store.state.schemas !== schemas) {
      ({ schemas } = options.store.state);
      finder = createEndpointFinder(schemas);
    }
    const reply = await answerRequest(options, finder, request, target);
    if (WRITES.has(request.method ?? '') && reply.status < 300) await options.settled?.();
    return reply;
  };
  const knows = ({ segments }: Target): boolean =>
    !segments.includes('') &&
    (findSpecial(segments, options.pluginRoutes?.()) !== undefined || finder(segments) !== undefined);
  return createReplyServer(answer, options.onError, options.guard, knows);
}

const parseJsonText: ParseDocument = async (text) => {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    // Whatever is wrong with it, it is no JSON.
    return { ok: false, message: 'not a JSON document' };
  }
};

/**
 * A server that answers with replies, safe against pages of browsers.
 * @param knows is there such a path? Asked for methods that nobody knows.
 */
export function createReplyServer(
  answer: (request: IncomingMessage, target: Target) => Promise<Reply>,
  onError: ((error: unknown) => void) | undefined,
  guardOptions: GuardOptions = {},
  knows: (target: Target) => boolean = () => true,
): Server {
  const guard = createGuard(guardOptions);
  const judge = async (request: IncomingMessage): Promise<Reply> => {
    const refused = guard.refuse(request);
    if (refused !== undefined) return refused;
    const target = parseTarget(request.url ?? '/');
    if (target === undefined) return message(400, 'Bad request');
    return target.query.size > MAX_ARGUMENTS ? message(400, 'Too many arguments') : answer(request, target);
  };
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 60_000 }, (request, response) => {
    const started = performance.now();
    judge(request)
      .catch((error: unknown) => explain(error, onError))
      .then((reply) =>
        send(request, response, reply, { ms: performance.now() - started, origin: guard.allowedOrigin(request) }),
      )
      .catch((error: unknown) => onError?.(error));
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (!socket.writable) return;
    const { status, body } = judgeUnread(error.code === 'HPE_INVALID_METHOD' ? error.rawPacket : undefined, knows);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${JSON_TYPE}\r\n` +
        `Content-Length: ${text.length}\r\nServer: kong/${KONG_VERSION}\r\nX-Kong-Admin-Latency: 0\r\n` +
        `Connection: close\r\n\r\n${text}`,
    );
  });
  return server;
}

/** Node's parser knows the registered methods only; a request with an invented one is not malformed. */
function judgeUnread(invented: Buffer | undefined, knows: (target: Target) => boolean): Reply {
  const line = invented?.subarray(0, MAX_REQUEST_LINE).toString('latin1');
  const path = line === undefined ? undefined : /^[!-~]+ (\/[!-~]*) HTTP\/1\.[01]\r\n/.exec(line)?.[1];
  const target = path === undefined ? undefined : parseTarget(path);
  if (target === undefined) return message(400, 'Bad request');
  return knows(target) ? methodNotAllowed : notFound;
}

/** A store that cannot be written is told; anything else is a defect of ours, and nothing of it goes out. */
function explain(error: unknown, onError: ((error: unknown) => void) | undefined): Reply {
  if (error instanceof GwctlError && error.code === 'E_STORE_UNAVAILABLE') return message(503, error.message);
  onError?.(error);
  return message(500, 'An unexpected error occurred');
}

/** HEAD is a GET whose body is not sent. */
export const methodOf = ({ method }: IncomingMessage): string => (method === 'HEAD' ? 'GET' : (method ?? 'GET'));

async function answerRequest(
  options: AdminOptions,
  finder: EndpointFinder,
  request: IncomingMessage,
  url: Target,
): Promise<Reply> {
  const method = methodOf(request);
  // What is between two slashes names nothing.
  if (url.segments.includes('')) return notFound;
  const special = findSpecial(url.segments, options.pluginRoutes?.());
  const endpoint = finder(url.segments);
  if (special === undefined && endpoint === undefined) return notFound;
  const isGeneric = special === undefined || special.route.alongside === true;
  const generic = endpoint !== undefined && isGeneric ? METHODS[endpoint.type] : [];
  const methods = [...new Set([...Object.keys(special?.route.methods ?? {}), ...generic])];
  if (method === 'OPTIONS') return preflight(request, methods);
  if (!methods.includes(method)) return methodNotAllowed;

  const hasBody = WRITES.has(method) && method !== 'DELETE';
  const takesText = special?.route.takes !== undefined;
  let body: BodyResult = NO_BODY;
  if (hasBody) {
    const limits = takesText ? DOCUMENT_LIMITS : ENTITY_LIMITS;
    const bytes = await collectBody(request, limits);
    if (bytes === undefined) return tooLarge.reply;
    const { store, loadApart } = options;
    if (loadApart !== undefined && special?.route.isReadApart === true && bytes.length >= LARGE_BYTES) {
      return loadLarge(store, loadApart, { bytes, head: headOf(request), query: url.query.toString() });
    }
    body = parseBody(bytes, headOf(request), limits, takesText ? 'text' : undefined);
  }
  if (!body.ok) return body.reply;
  const run = special?.route.methods[method];
  if (run !== undefined) {
    const { store, node, auto, parse = parseJsonText } = options;
    const { value, text } = body;
    const routes = [...listSpecial(), ...(options.pluginRoutes?.() ?? [])];
    return run({ store, node, auto, parse, routes, query: url.query, body: value, text, params: special!.params });
  }
  return serveEndpoint(options, endpoint!, { method, query: url.query, body: body.value, isForm: body.isForm });
}

/** Undefined for a broken escape. */
function parseTarget(target: string): Target | undefined {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent);
    if (segments[segments.length - 1] === '') segments.pop();
    return { segments, query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) };
  } catch {
    // decodeURIComponent throws on a broken percent escape.
    return undefined;
  }
}

export function preflight(request: IncomingMessage, methods: readonly string[]): Reply {
  const allowed = [...methods, 'OPTIONS', ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
  const asked = request.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      Allow: allowed,
      'Access-Control-Allow-Methods': allowed,
      'Access-Control-Allow-Headers': typeof asked === 'string' ? asked : 'Content-Type',
    },
  };
}

interface About {
  readonly ms: number;
  /** Whose pages may read it; undefined for nobody's. */
  readonly origin: string | undefined;
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply, { ms, origin }: About): void {
  const headers: Record<string, string | number> = {
    Server: `kong/${KONG_VERSION}`,
    'X-Kong-Admin-Latency': Math.round(ms),
    ...(origin === undefined
      ? {}
      : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' }),
    ...reply.headers,
  };
  // What was not read of a refused body must not become the next request.
  if (!request.complete) headers['Connection'] = 'close';
  if (reply.body === undefined) {
    response.writeHead(reply.status, headers).end();
    return;
  }
  const isWritten = typeof reply.body === 'string' || reply.body instanceof Uint8Array;
  const text = isWritten ? (reply.body as string | Uint8Array) : JSON.stringify(reply.body);
  headers['Content-Type'] ??= JSON_TYPE;
  headers['Content-Length'] = Buffer.byteLength(text);
  response.writeHead(reply.status, headers).end(request.method === 'HEAD' ? undefined : text);
}

/** Listens, or says in one sentence why it cannot. */
export function listenAdmin(server: Server, host: string, port: number, what = 'the Admin API'): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
      reject(new GwctlError('E_LISTEN', `cannot listen on ${host}:${port} for ${what}: ${reason}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
