// The request as plugins see it. Its header lines are those that go upstream: what one plugin sets, the next one reads.
import { parseQuery, type QueryArguments } from '../../lib/query.ts';
import type {
  BodyFraming,
  BodyLimits,
  BodyReader,
  ConnectionView,
  HeaderValues,
  ParsedBody,
  RequestView,
} from '../../pdk/index.ts';
import { framingLines, framingValue } from '../body-framing.ts';
import type { RequestContext } from '../context.ts';
import type { HeaderList } from '../http1/headers.ts';
import { readContent } from './body-content.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const USUAL_LINES = 100;
const MAX_LINES = 1000;

/** Lower-case names, repeated lines as a list; the object has no prototype. */
export function headerRecord(headers: HeaderList, max: number = USUAL_LINES): HeaderValues {
  const record: HeaderValues = Object.create(null) as HeaderValues;
  let lines = 0;
  for (const [name, value] of headers.entries()) {
    if (++lines > max) break;
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
    const { core, exchange } = this.#context;
    return core.authorities.read(exchange.host).name;
  }
  get port(): number {
    const { core, exchange } = this.#context;
    return core.authorities.read(exchange.host).port ?? exchange.localPort;
  }
  get httpVersion(): number {
    return this.#context.exchange.httpVersion;
  }
  get path(): string {
    return this.#context.path;
  }
  get rawPath(): string {
    return this.#context.sentPath;
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
  get forwardedPrefix(): string | undefined {
    return this.#context.reportedPrefix ?? this.#context.forwardedPrefix;
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
    const { headers } = this.#context.exchange;
    return (
      headers.get(name) ??
      (name.includes('_') ? headers.get(name.replaceAll('_', '-')) : undefined) ??
      framingValue(this.#context, name)
    );
  }
  headerValues(name: string): string[] {
    if (name.length === 4 && name.toLowerCase() === 'host') return [this.#context.exchange.host];
    const values = this.#context.exchange.headers.getAll(name);
    const framing = values.length === 0 ? framingValue(this.#context, name) : undefined;
    return framing === undefined ? values : [framing];
  }
  headers(max: number = USUAL_LINES): HeaderValues {
    const record = headerRecord(this.#context.exchange.headers, checkMax(max));
    const { exchange } = this.#context;
    record['host'] = exchange.host;
    if (exchange.expectsContinue) record['expect'] = '100-continue';
    for (const [name, value] of framingLines(this.#context)) record[name] = value;
    return record;
  }
  query(max: number = USUAL_LINES): QueryArguments {
    return parseQuery(this.rawQuery, checkMax(max));
  }
  /** As a plugin before may have left it. */
  body(limit: number = MAX_BODY_BYTES): Promise<Buffer | undefined> {
    const { upstreamBody: changed, exchange, isAnswering, isInResponse } = this.#context;
    if (isAnswering && !isInResponse) return Promise.reject(new Error('request.body: the body has gone upstream'));
    if (changed !== undefined) return Promise.resolve(changed.length > limit ? undefined : Buffer.from(changed));
    return isInResponse && !exchange.body.replayable ? Promise.resolve(undefined) : exchange.body.read(limit);
  }
  content({ bytes, fields, type }: BodyLimits = {}): Promise<ParsedBody> {
    return readContent(type ?? this.header('content-type'), () => this.body(bytes), fields);
  }
}

function checkMax(max: number): number {
  if (Number.isInteger(max) && max >= 1 && max <= MAX_LINES) return max;
  throw new RangeError(`max must be an integer from 1 to ${MAX_LINES}`);
}
