// grpc-web at work: undoes what browsers need on the way up, and does it again on the way down. Trailers, which browsers
// cannot see, become the last frame of the body.
import type { Json } from '../../lib/json.ts';
import {
  type AccessExchange,
  type Answer,
  type BodyExchange,
  type Environment,
  error,
  exit,
  type Phases,
  type PluginConfig,
  slot,
} from '../../pdk/index.ts';
import { COMPRESSED_FLAG, decodeText, FrameReader, frame, MAX_MESSAGE, TRAILERS_FLAG } from '../shared/grpc/frames.ts';
import { loadMethods, NO_PROTO } from '../shared/grpc/methods.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

interface Shape {
  /** base64 around everything. */
  readonly isText: boolean;
  /** Messages have heads, and the end has trailers. */
  readonly isFramed: boolean;
  readonly isJson: boolean;
}

const BINARY: Shape = { isText: false, isFramed: true, isJson: false };
const TEXT: Shape = { isText: true, isFramed: true, isJson: false };
const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ['application/grpc-web', BINARY],
  ['application/grpc-web+proto', BINARY],
  ['application/grpc-web-text', TEXT],
  ['application/grpc-web-text+proto', TEXT],
  ['application/grpc-web+json', { ...BINARY, isJson: true }],
  ['application/grpc-web-text+json', { ...TEXT, isJson: true }],
  ['application/json', { isText: false, isFramed: false, isJson: true }],
]);
const UNKNOWN: Shape = { isText: false, isFramed: false, isJson: true };

const PREFLIGHT = {
  'Content-Type': 'application/grpc-web-text+proto',
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'content-type,x-grpc-web,x-user-agent',
};
/** With base64 around it. */
const MAX_BODY = 2 * MAX_MESSAGE;

interface Noted {
  readonly shape: Shape;
  readonly type: string;
  /** Of the answer's messages. */
  readonly output: string | undefined;
  readonly reader: FrameReader;
}

export function create(config: Config, { log }: Environment): Phases {
  const methods = config.proto === null ? undefined : loadMethods(config.proto);
  const noted = slot<Noted>('grpc-web');

  async function access(exchange: AccessExchange): Promise<Answer | undefined> {
    const { request, upstream, response } = exchange;
    if (config.allow_origin_header !== null) {
      response.setHeader('Access-Control-Allow-Origin', config.allow_origin_header);
    }
    if (request.method === 'OPTIONS') return exit(200, 'OK', PREFLIGHT);
    const type = request.header('content-type') ?? '';
    const shape = SHAPES.get(type.split(';')[0]!.trim().toLowerCase()) ?? UNKNOWN;
    let output: string | undefined;
    let input: string | undefined;
    if (shape.isJson) {
      if (methods === undefined) return exit(400, NO_PROTO);
      const path = config.pass_stripped_path === true ? upstream.path : request.path;
      const method = methods.find(path);
      if (method === undefined) return exit(400, `Unknown path "${path}"`);
      ({ input, output } = method);
      upstream.removeHeader('grpc-accept-encoding');
    }
    const body = await request.body(MAX_BODY);
    if (body === undefined) return error(413);
    const bytes = shape.isText ? decodeText(body) : body;
    if (bytes === undefined) return exit(400, 'the body is not base64');
    try {
      upstream.setBody(input === undefined ? bytes : encodeAll(bytes, shape, input));
    } catch (problem) {
      log.info(`a request cannot be encoded: ${String(problem)}`, { request_id: request.id });
      return exit(400, 'failed to encode payload');
    }
    upstream.setHeader('Content-Type', 'application/grpc');
    upstream.wantTrailers();
    exchange.shared.set(noted, { shape, type, output, reader: new FrameReader() });
    return undefined;
  }

  function encodeAll(bytes: Buffer, { isFramed }: Shape, input: string): Buffer {
    const texts = isFramed ? new FrameReader().push(bytes).map(({ message }) => message) : [bytes];
    return Buffer.concat(texts.map((text) => frame(methods!.codec.encode(input, JSON.parse(text.toString()) as Json))));
  }

  function decodeAll({ shape, output, reader }: Noted, chunk: Uint8Array): Uint8Array {
    if (output === undefined) return chunk;
    const parts = reader.push(chunk).map(({ flag, message }) => {
      if ((flag & COMPRESSED_FLAG) !== 0) throw new Error('the upstream compressed a message');
      const text = Buffer.from(JSON.stringify(methods!.codec.decode(output, message)));
      return shape.isFramed ? frame(text) : text;
    });
    return Buffer.concat(parts);
  }

  return {
    access,
    header_filter({ shared, response }) {
      const known = shared.get(noted);
      if (known !== undefined && response.source === 'service') response.setHeader('Content-Type', known.type);
    },
    body_filter({ shared, response }, chunk, last) {
      const known = shared.get(noted);
      if (known === undefined || response.source !== 'service') return chunk;
      const { isText, isFramed } = known.shape;
      const ready = (bytes: Uint8Array): Buffer =>
        isText ? Buffer.from(Buffer.from(bytes).toString('base64')) : Buffer.from(bytes);
      const bytes = decodeAll(known, chunk);
      const parts = bytes.length === 0 ? [] : [ready(bytes)];
      if (last && isFramed) parts.push(ready(trailerFrame(response)));
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    },
  };
}

/** An answer without messages has its outcome in the head. */
function trailerFrame(response: BodyExchange['response']): Buffer {
  const { trailers } = response;
  const read = (name: string): string | undefined => [trailers?.[name] ?? []].flat()[0];
  const status = read('grpc-status') ?? response.header('grpc-status') ?? '0';
  const message = read('grpc-message') ?? response.header('grpc-message') ?? '';
  return frame(Buffer.from(`grpc-status:${status}\r\ngrpc-message:${message}\r\n`, 'latin1'), TRAILERS_FLAG);
}
