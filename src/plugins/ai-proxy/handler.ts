// ai-proxy at work: a chat request is told to the provider in its own words, and the answer told back, whole or as a stream.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../lib/json.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  type Phases,
  type PluginConfig,
  type ResponseExchange,
  slot,
} from '../../pdk/index.ts';
import { accountFor } from '../shared/ai/accounts.ts';
import { type Operation, Unsuitable, type Usage } from '../shared/ai/driver.ts';
import { createModelCall, type Prepared } from '../shared/ai/model-call.ts';
import { readAnswer } from '../shared/ai/one-shot.ts';
import { aiError, readJsonRequest } from '../shared/ai/request.ts';
import { StreamReader } from '../shared/ai/stream-reader.ts';
import { judgeRequest } from './judge-request.ts';
import type { schema } from './schema.ts';
import { StreamTeller } from './stream-teller.ts';

export type Config = PluginConfig<typeof schema>;

interface Noted {
  readonly prepared: Prepared;
  /** The answer goes to the client as the provider gave it. */
  readonly passes: boolean;
  /** What the client said before the provider was asked for gzip. */
  readonly takesGzip: boolean;
  readonly startedAt: number;
  answer: JsonObject;
  usage: Partial<Usage> | undefined;
  /** For the log. */
  response: string;
  teller: StreamTeller | undefined;
}

const MAX_INFLATED = 64 * 1024 * 1024;
const NOT_JSON = aiError(400, 'content-type header does not match request body, or bad JSON formatting');

export function create(config: Config, environment: Environment): Phases {
  const prepare = createModelCall(config, environment);
  const noted = slot<Noted>('ai-proxy');
  const format = config.llm_format ?? 'openai';
  const limit = config.max_request_body_size ?? 8192;
  const isPreserved = config.route_type === 'preserve';
  const operation: Operation = config.route_type === 'llm/v1/completions' ? 'completions' : 'chat';
  const type = `${config.model.provider}://${config.route_type}`;

  async function access(exchange: AccessExchange): Promise<Answer | undefined> {
    const { request } = exchange;
    const asked = await readJsonRequest(exchange, limit, format);
    if (asked === undefined && !isPreserved) return NOT_JSON;
    const judged = isPreserved ? undefined : judgeRequest(asked!, operation);
    if (judged !== undefined) return aiError(400, judged);
    const wants = format === 'openai' ? asked?.['stream'] === true : /stream/i.test(request.path);
    if (wants && config.response_streaming === 'deny') {
      return aiError(400, 'response streaming is not enabled for this LLM');
    }
    const streams = !isPreserved && (wants || config.response_streaming === 'always');
    let prepared: Prepared;
    try {
      const kind = isPreserved ? 'preserved' : 'converted';
      prepared = await prepare(request, { operation, request: asked ?? {}, streams, kind });
    } catch (problem) {
      if (problem instanceof Unsuitable) return aiError(400, problem.message);
      throw problem;
    }
    const passes = isPreserved || format !== 'openai';
    const takesGzip = /\bgzip\b/i.test(request.header('accept-encoding') ?? '');
    direct(exchange, prepared);
    // What comes back is read here: a stream as it comes, anything else as a whole.
    if (!passes) exchange.upstream.setHeader('Accept-Encoding', streams ? 'identity' : 'gzip, identity');
    exchange.shared.set(noted, {
      prepared,
      passes,
      takesGzip,
      startedAt: environment.clock.now(),
      answer: {},
      usage: undefined,
      response: '',
      teller: undefined,
    });
    return undefined;
  }

  function response(exchange: ResponseExchange): Answer | undefined {
    const known = exchange.shared.get(noted);
    const { response: answer } = exchange;
    if (known === undefined) return undefined;
    const isPacked = answer.header('content-encoding') === 'gzip';
    const staysPacked = isPacked && known.takesGzip;
    try {
      const bytes = isPacked ? gunzipSync(answer.body, { maxOutputLength: MAX_INFLATED }) : answer.body;
      if (isPacked && !staysPacked) answer.removeHeader('content-encoding');
      if (answer.status !== 200) {
        answer.body = bytes;
        return undefined;
      }
      known.answer = known.prepared.driver.decode(readAnswer(bytes), known.prepared.ask);
    } catch (problem) {
      const reason = problem instanceof Unsuitable ? problem.message : 'the answer cannot be read';
      environment.log.warn(`${type}: ${String(problem)}`, { request_id: exchange.request.id });
      return aiError(500, `transformation failed from type ${type}: ${reason}`);
    }
    known.response = JSON.stringify(known.answer);
    answer.body = staysPacked ? gzipSync(known.response) : Buffer.from(known.response);
    answer.setHeader('Content-Type', 'application/json');
    return undefined;
  }

  return {
    access,
    needs_response({ shared, response: answer }) {
      const known = shared.get(noted);
      if (known === undefined || known.passes || known.prepared.ask.streams) return false;
      // What is no answer of a model passes, if the client can read it.
      return answer.status === 200 || (answer.header('content-encoding') === 'gzip' && !known.takesGzip);
    },
    response,
    header_filter({ shared, response: answer }) {
      const known = shared.get(noted);
      if (known === undefined) return;
      const { ask, driver } = known.prepared;
      if (config.model_name_header !== false && ask.name !== '') {
        answer.setHeader('X-Kong-LLM-Model', `${config.model.provider}/${ask.name}`);
      }
      if (answer.source !== 'service') return;
      if (driver.hidesCookies) answer.removeHeader('Set-Cookie');
      if (known.passes || !ask.streams || answer.status !== 200) {
        answer.keepsBody();
        return;
      }
      known.teller = new StreamTeller(new StreamReader(driver.framing), driver, ask);
      answer.setHeader('Content-Type', 'text/event-stream');
    },
    body_filter({ shared }, chunk, last) {
      const known = shared.get(noted);
      if (known?.teller === undefined) return chunk;
      const bytes = known.teller.push(chunk, last);
      if (last) known.usage = known.teller.usage();
      if (config.logging.log_payloads) known.response += bytes.toString('utf8');
      return bytes;
    },
    log(exchange) {
      const known = exchange.shared.get(noted);
      if (known === undefined) return;
      const record = accountFor(config, known.prepared.ask, {
        latency: exchange.latencies.proxy < 0 ? 0 : environment.clock.now() - known.startedAt,
        answer: known.answer,
        usage: known.usage,
        payload: { request: known.prepared.body ?? '', response: known.response },
        instance: environment.instance.id,
      });
      if (record !== undefined) exchange.setLogValue('ai.proxy', record as Json);
    },
  };
}

/** The provider is the upstream of this request. */
function direct({ request, upstream }: AccessExchange, { url, headers, body }: Prepared): void {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  upstream.setScheme(isSecure ? 'https' : 'http');
  upstream.setTarget(hostname.replace(/^\[(.*)\]$/, '$1'), port === '' ? (isSecure ? 443 : 80) : Number(port));
  upstream.setHeader('Host', host);
  upstream.setPath(pathname);
  upstream.setRawQuery(search.slice(1));
  for (const [name, value] of Object.entries(headers)) upstream.setHeader(name, value);
  if (body === undefined) return;
  if (request.method !== 'POST') upstream.setMethod('POST');
  upstream.setHeader('Content-Type', 'application/json');
  upstream.setBody(body);
}
