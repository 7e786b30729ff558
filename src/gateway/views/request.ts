// The request as plugins see it and as they change it. Both views share the header lines that came in: what one plugin
// sets, the next one reads.
import { parseQuery, type QueryArguments } from '../../lib/query.ts';
import { parseHost, splitTarget } from '../../lib/uri.ts';
import type {
  BodyFraming,
  BodyReader,
  ConnectionView,
  HeaderValues,
  RequestView,
  UpstreamView,
} from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import type { HeaderList } from '../http1/headers.ts';
import { upstreamScheme } from '../upstream-scheme.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_HEADER_LINES = 1000;

/** Lower-case names, repeated lines as a list; the object has no prototype. */
export function headerRecord(headers: HeaderList): HeaderValues {
  const record: HeaderValues = Object.create(null) as HeaderValues;
  let lines = 0;
  for (const [name, value] of headers.entries()) {
    if (++lines > MAX_HEADER_LINES) break;
    const key = name.toLowerCase();
    const current = record[key];
    if (current === undefined) record[key] = value;
    else if (Array.isArray(current)) current.push(value);
    else record[key] = [current, value];
  }
  return record;
}

export class RequestSide implements RequestView, BodyReader {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get id(): string {
    return this.#context.id;
  }
  get method(): string {
    return this.#context.exchange.method;
  }
  get scheme(): 'http' | 'https' {
    return this.#context.exchange.encrypted ? 'https' : 'http';
  }
  get host(): string {
    return parseHost(this.#context.exchange.host).name;
  }
  get port(): number {
    const { exchange } = this.#context;
    return parseHost(exchange.host).port ?? exchange.localPort;
  }
  get httpVersion(): number {
    return this.#context.exchange.httpVersion;
  }
  get path(): string {
    return this.#context.path;
  }
  get rawPath(): string {
    return splitTarget(this.#context.exchange.target).path;
  }
  get rawQuery(): string {
    return this.#context.rawQuery ?? '';
  }
  get target(): string {
    return this.#context.exchange.target;
  }
  get startedAt(): number {
    return this.#context.startedAt;
  }
  get forwarded(): RequestView['forwarded'] {
    return this.#context.forwarded;
  }
  get captures(): RequestView['captures'] {
    return this.#context.match?.captures;
  }
  get framing(): BodyFraming {
    const { body, hasLength, expectsContinue } = this.#context.exchange;
    return { length: hasLength ? body.length : undefined, isChunked: body.kind === 'chunked', expectsContinue };
  }
  get connection(): ConnectionView {
    const { localAddress, localPort, connectionSerial, connectionRequests, clientCertificate } = this.#context.exchange;
    return { localAddress, localPort, serial: connectionSerial, requests: connectionRequests, clientCertificate };
  }
  header(name: string): string | undefined {
    if (name.length === 4 && name.toLowerCase() === 'host') return this.#context.exchange.host;
    return this.#context.exchange.headers.get(name);
  }
  headerValues(name: string): string[] {
    if (name.length === 4 && name.toLowerCase() === 'host') return [this.#context.exchange.host];
    return this.#context.exchange.headers.getAll(name);
  }
  headers(): HeaderValues {
    const record = headerRecord(this.#context.exchange.headers);
    record['host'] = this.#context.exchange.host;
    return record;
  }
  query(): QueryArguments {
    return parseQuery(this.rawQuery);
  }
  /** As a plugin before may have left it. */
  body(limit: number = MAX_BODY_BYTES): Promise<Buffer | undefined> {
    const changed = this.#context.upstreamBody;
    if (changed !== undefined) return Promise.resolve(changed.length > limit ? undefined : Buffer.from(changed));
    return this.#context.exchange.body.read(limit);
  }
}

export class UpstreamSide implements UpstreamView {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get path(): string {
    return this.#context.upstreamPath ?? '';
  }
  setMethod(method: string): void {
    this.#context.upstreamMethod = method;
  }
  setPath(path: string): void {
    if (!path.startsWith('/')) throw new Error('path must start with "/"');
    this.#context.upstreamPath = path;
  }
  setRawQuery(query: string): void {
    this.#context.rawQuery = query === '' ? undefined : query;
  }
  setHeader(name: string, value: string | readonly string[]): void {
    const { headers } = this.#context.exchange;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      this.#context.upstreamHost = typeof value === 'string' ? value : value[0];
      return;
    }
    if (typeof value === 'string') {
      headers.set(name, value);
      return;
    }
    headers.remove(name);
    for (const item of value) headers.add(name, item);
  }
  addHeader(name: string, value: string): void {
    this.#context.exchange.headers.add(name, value);
  }
  removeHeader(name: string): void {
    this.#context.exchange.headers.remove(name);
  }
  setBody(body: Uint8Array | string): void {
    this.#context.upstreamBody = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  }
  setScheme(scheme: 'http' | 'https' | 'grpc' | 'grpcs'): void {
    this.#context.upstreamScheme = upstreamScheme(scheme);
  }
  wantTrailers(): void {
    this.#context.wantsTrailers = true;
  }
  setTimeouts(connect: number, send: number, read: number): void {
    for (const ms of [connect, send, read]) checkWhole(ms, 1, MAX_TIMEOUT_MS, 'a timeout');
    this.#context.limits = {
      ...this.#context.limits,
      connectTimeoutMs: connect,
      sendTimeoutMs: send,
      readTimeoutMs: read,
    };
  }
  setRetries(count: number): void {
    checkWhole(count, 0, MAX_RETRIES, 'the number of retries');
    this.#context.limits = { ...this.#context.limits, tries: count + 1 };
  }
  setTarget(host: string, port: number): void {
    this.#context.targetHost = host;
    this.#context.targetPort = port;
  }
}

const MAX_TIMEOUT_MS = 2 ** 31 - 2;
const MAX_RETRIES = 32_767;

function checkWhole(value: number, low: number, high: number, what: string): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new RangeError(`${what} must be an integer from ${low} to ${high}`);
}
