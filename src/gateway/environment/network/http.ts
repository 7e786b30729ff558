// HTTP requests of plugins. Connections are shared by everybody with the same times and the same view of certificates.
import type { Agent, Dispatcher, ProxyAgent } from 'undici';
import type { HttpAnswer, HttpRequest, OpenAnswer } from '../../../pdk/network.ts';
import { lookupWith, type Resolve } from './lookup.ts';

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 64;
/** Of requests that are to have none of their own. */
const USUAL_TIMEOUT_MS = 60_000;
/** More kinds of connections than any configuration has at once; older ones go. */
const MAX_AGENTS = 32;

export class HttpSender {
  readonly #resolve: Resolve;
  readonly #agents = new Map<string, Agent | ProxyAgent>();
  #isClosed = false;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#dispatch(request);
    return { status: answer.statusCode, text: await textOf(answer.body) };
  }

  async open(request: HttpRequest): Promise<OpenAnswer> {
    const { statusCode, headers, body } = await this.#dispatch(request);
    const known = Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] => entry[1] !== undefined,
    );
    return {
      status: statusCode,
      headers: Object.fromEntries(known),
      body,
      bytes: (limit) => bytesOf(body, limit),
      cancel: () => {
        body.on('error', () => undefined).destroy();
      },
    };
  }

  async #dispatch({
    url,
    method,
    headers,
    body,
    timeoutMs,
    ...kind
  }: HttpRequest): Promise<Dispatcher.ResponseData<unknown>> {
    const { origin, pathname, search } = new URL(url);
    const timeout = timeoutMs === 0 ? USUAL_TIMEOUT_MS : Math.min(Math.max(Math.ceil(timeoutMs), 1), 2 ** 31 - 1);
    const agent = await this.#agentFor(timeout, kind);
    return agent.request({
      origin,
      path: pathname + search,
      method: method as 'POST',
      headers,
      body: body.length === 0 ? null : body,
      signal: AbortSignal.timeout(timeout),
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #agentFor(
    timeout: number,
    { keepAliveMs, verify, serverName, proxy }: Pick<HttpRequest, 'keepAliveMs' | 'verify' | 'serverName' | 'proxy'>,
  ): Promise<Agent | ProxyAgent> {
    const key = `${timeout} ${keepAliveMs} ${verify} ${serverName ?? ''} ${proxy ?? ''}`;
    const tls = { rejectUnauthorized: verify, timeout, ...(serverName !== undefined && { servername: serverName }) };
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    // Loaded by the first request: most gateways send none.
    const undici = await import('undici');
    if (this.#isClosed) throw new Error('the gateway has ended');
    const made = this.#agents.get(key);
    if (made !== undefined) return made;
    const settings = {
      connections: MAX_CONNECTIONS,
      keepAliveTimeout: Math.max(keepAliveMs, 1),
      keepAliveMaxTimeout: Math.max(keepAliveMs, 1),
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { ...tls, lookup: lookupWith(this.#resolve) },
    };
    const agent =
      proxy === undefined
        ? new undici.Agent(settings)
        : new undici.ProxyAgent({ ...settings, uri: proxy, requestTls: tls });
    this.#agents.set(key, agent);
    const [oldest] = this.#agents;
    if (this.#agents.size > MAX_AGENTS && oldest !== undefined) {
      this.#agents.delete(oldest[0]);
      void oldest[1].close().catch(() => undefined);
    }
    return agent;
  }
}

/** The rest of a long answer is not waited for. */
async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

async function bytesOf(body: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
