// grpc-gateway at work: a JSON request becomes the gRPC request that the .proto file binds to its method and path.
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  exit,
  type Phases,
  type PluginConfig,
  slot,
} from '../../pdk/index.ts';
import { COMPRESSED_FLAG, FrameReader, frame, MAX_MESSAGE } from '../shared/grpc/frames.ts';
import { loadMethods, type Methods, NO_PROTO, pathOf } from '../shared/grpc/methods.ts';
import type { OptionValue, ProtoMethod } from '../shared/grpc/proto-parser.ts';
import { compileTemplate, type PathTemplate } from './path-template.ts';
import { buildMessage } from './request-message.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

interface Binding {
  readonly verb: string;
  readonly template: PathTemplate;
  /** Name of the field that the body is, or `*`. */
  readonly body: string | undefined;
  readonly method: ProtoMethod;
}

interface Noted {
  readonly output: string;
  readonly reader: FrameReader;
}

const PREFLIGHT = {
  'Content-Type': 'application/json',
  'Access-Control-Allow-Methods': 'GET,POST,PATCH,DELETE',
  'Access-Control-Allow-Headers': 'content-type',
};
const STATUSES: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 500, 500, 503, 500, 401,
];
const NO_BYTES = new Uint8Array(0);

export function create(config: Config, { log }: Environment): Phases {
  const methods = config.proto === null ? undefined : loadMethods(config.proto);
  const bindings = methods === undefined ? [] : bindingsOf(methods);
  const verbs = new Set(bindings.map(({ verb }) => verb));
  const noted = slot<Noted>('grpc-gateway');
  const unknown = (what: string, name: string): Answer =>
    exit(400, `failed to transcode .proto file Unknown ${what} "${name}"`, { 'Content-Type': 'text/plain' });

  async function access(exchange: AccessExchange): Promise<Answer | undefined> {
    const { request, upstream, response } = exchange;
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'OPTIONS') return exit(200, 'OK', PREFLIGHT);
    if (methods === undefined) return exit(400, NO_PROTO, { 'Content-Type': 'text/plain' });
    if (!verbs.has(request.method)) return unknown('method', request.method);
    for (const { verb, template, body: rule, method } of bindings) {
      const variables = verb === request.method ? template.match(request.path) : undefined;
      if (variables === undefined) continue;
      const body = rule === undefined ? Buffer.alloc(0) : await request.body(MAX_MESSAGE);
      if (body === undefined) return error(413);
      const input = { variables, rule, body: body.toString('utf8'), query: request.query() };
      const built = buildMessage(methods.codec, method.input, input);
      if (!built.ok) return exit(400, built.reason, { 'Content-Type': 'text/plain' });
      try {
        upstream.setBody(frame(methods.codec.encode(method.input, built.message)));
      } catch (problem) {
        log.info(`a request cannot be encoded: ${String(problem)}`, { request_id: request.id });
        return exit(400, 'failed to encode payload', { 'Content-Type': 'text/plain' });
      }
      upstream.setMethod('POST');
      upstream.setPath(pathOf(method));
      upstream.setRawQuery('');
      upstream.setHeader('Content-Type', 'application/grpc');
      upstream.removeHeader('grpc-accept-encoding');
      upstream.wantTrailers();
      exchange.shared.set(noted, { output: method.output, reader: new FrameReader() });
      return undefined;
    }
    return unknown('path', request.path);
  }

  return {
    access,
    header_filter({ shared, response }) {
      if (shared.get(noted) === undefined || response.source !== 'service') return;
      response.setHeader('Content-Type', 'application/json');
      const status = response.header('grpc-status');
      if (status !== undefined) response.status = (/^\d{1,2}$/.test(status) && STATUSES[Number(status)]) || 500;
    },
    body_filter({ shared, response }, chunk, last) {
      const known = shared.get(noted);
      if (known === undefined || response.source !== 'service') return chunk;
      const texts = known.reader.push(chunk).map(({ flag, message }) => {
        if ((flag & COMPRESSED_FLAG) !== 0) throw new Error('the upstream compressed a message');
        return JSON.stringify(methods!.codec.decode(known.output, message));
      });
      const ready = texts.length === 0 ? NO_BYTES : Buffer.from(texts.join(''));
      // What never became a message is shown as it is.
      return last && known.reader.rest.length > 0 ? Buffer.concat([ready, known.reader.rest]) : ready;
    },
  };
}

const VERBS = ['get', 'put', 'post', 'delete', 'patch'] as const;

function bindingsOf({ all }: Methods): Binding[] {
  return all.flatMap((method) =>
    method.http.flatMap((rule) => {
      const custom = rule['custom'];
      const verb = VERBS.find((name) => typeof rule[name] === 'string');
      const [name, path] = verb === undefined ? customOf(custom) : [verb.toUpperCase(), rule[verb] as string];
      if (name === undefined || path === undefined || !path.startsWith('/')) return [];
      const body = typeof rule['body'] === 'string' && rule['body'] !== '' ? rule['body'] : undefined;
      return [{ verb: name, template: compileTemplate(path), body, method }];
    }),
  );
}

function customOf(custom: OptionValue | undefined): [verb: string | undefined, path: string | undefined] {
  if (typeof custom !== 'object' || Array.isArray(custom)) return [undefined, undefined];
  const { kind, path } = custom as Readonly<Record<string, OptionValue>>;
  return [typeof kind === 'string' ? kind : undefined, typeof path === 'string' ? path : undefined];
}
