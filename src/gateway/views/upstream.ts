// The request as plugins change it before it goes upstream, and what is left to decide between two tries. Its header lines are
// those that came in. Changes that would come too late are mistakes of the plugin, and are told.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { withoutArgument } from '../../lib/form-arguments.ts';
import { formatQuery, type QueryArguments } from '../../lib/query.ts';
import type {
  BodyContent,
  HeaderValue,
  UpstreamRetry,
  UpstreamTls,
  UpstreamTry,
  UpstreamView,
} from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import { upstreamScheme } from '../upstream-scheme.ts';
import { formatContent } from './body-content.ts';
import { isList } from './header-value.ts';

export class UpstreamSide implements UpstreamView {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get path(): string {
    return this.#context.upstreamPath ?? '';
  }
  setMethod(method: string): void {
    this.#check('setMethod');
    this.#context.upstreamMethod = method;
  }
  setPath(path: string): void {
    this.#check('setPath');
    if (!path.startsWith('/')) throw new Error('path must start with "/"');
    this.#context.upstreamPath = path;
  }
  setRawQuery(query: string): void {
    this.#check('setRawQuery');
    this.#context.rawQuery = query === '' ? undefined : query;
  }
  setQuery(values: QueryArguments): void {
    this.setRawQuery(formatQuery(values));
  }
  removeQueryArgument(name: string): void {
    const { rawQuery } = this.#context;
    if (rawQuery !== undefined) this.setRawQuery(withoutArgument(rawQuery, utf8ToBytes(name)));
  }
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): void {
    this.#check('setHeader');
    setLines(this.#context, name, value);
  }
  addHeader(name: string, value: HeaderValue): void {
    this.#check('addHeader');
    const { core, exchange } = this.#context;
    exchange.headers.appendLine(core.knownLines.line(name, value));
  }
  removeHeader(name: string): void {
    this.#check('removeHeader');
    this.#context.exchange.headers.remove(name);
  }
  setBody(body: Uint8Array | string): void {
    this.#check('setBody');
    this.#context.upstreamBody = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  }
  setContent(content: BodyContent): void {
    const { type, bytes } = formatContent(content);
    this.setHeader('Content-Type', type);
    this.setBody(bytes);
  }
  setScheme(scheme: 'http' | 'https' | 'grpc' | 'grpcs'): void {
    this.#check('setScheme');
    this.#context.upstreamScheme = upstreamScheme(scheme);
  }
  wantTrailers(): void {
    this.#check('wantTrailers');
    this.#context.wantsTrailers = true;
  }
  setTimeouts(connect: number, send: number, read: number): void {
    this.#check('setTimeouts');
    for (const ms of [connect, send, read]) checkWhole(ms, 1, MAX_TIMEOUT_MS, 'a timeout');
    this.#context.limits = {
      ...this.#context.limits,
      connectTimeoutMs: connect,
      sendTimeoutMs: send,
      readTimeoutMs: read,
    };
  }
  setRetries(count: number): void {
    this.#check('setRetries');
    checkWhole(count, 0, MAX_RETRIES, 'the number of retries');
    this.#context.limits = { ...this.#context.limits, tries: count + 1 };
  }
  setTarget(host: string, port: number): void {
    this.#check('setTarget');
    this.#context.targetHost = host;
    this.#context.targetPort = port;
  }
  setTls(terms: UpstreamTls): void {
    this.#check('setTls');
    const context = this.#context;
    // What is not legal is refused here, where it is the plugin's fault.
    context.snapshot.tlsProfiles(context.service, undefined, terms);
    context.upstreamTls = terms;
  }

  #check(name: string): void {
    if (this.#context.isAnswering) throw new Error(`upstream.${name}: the request has gone upstream`);
  }
}

export class RetrySide extends UpstreamSide implements UpstreamRetry {
  readonly tries: readonly UpstreamTry[];
  isStopped = false;

  constructor(context: RequestContext) {
    super(context);
    this.tries = context.tries ?? [];
  }

  stop(): void {
    this.isStopped = true;
  }
}

function setLines(context: RequestContext, name: string, value: HeaderValue | readonly HeaderValue[]): void {
  const { headers } = context.exchange;
  if (name.length === 4 && name.toLowerCase() === 'host') {
    const host = isList(value) ? value[0] : value;
    context.upstreamHost = host === undefined ? undefined : String(host);
    return;
  }
  const { knownLines } = context.core;
  if (!isList(value)) {
    headers.putLine(knownLines.line(name, value));
    return;
  }
  knownLines.check(name);
  headers.remove(name);
  for (const item of value) headers.appendLine(knownLines.line(name, item));
}

const MAX_TIMEOUT_MS = 2 ** 31 - 2;
const MAX_RETRIES = 32_767;

function checkWhole(value: number, low: number, high: number, what: string): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new RangeError(`${what} must be an integer from ${low} to ${high}`);
}
