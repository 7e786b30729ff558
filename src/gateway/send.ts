// Sends a request to a peer, and to the next one when that is allowed, and passes the answer on as it comes. Connection
// failures are retried for any method; what may have reached the peer only for methods that may be repeated.
import type { Socket } from 'node:net';
import { isPromise } from '../lib/promise.ts';
import type { BodyListener } from '../pdk/index.ts';
import { answerError, answerPlugin, answerUpstreamFault } from './answer.ts';
import { choosePeers, cookieFor, type PeerSource, type Picked, pickPeer } from './balance.ts';
import type { Peer } from './balancer/balancer.ts';
import type { RequestContext } from './context.ts';
import type { ClientExchange, RequestBody } from './exchange.ts';
import { setProxiedHeaders, setUpstreamHeaders } from './forward-headers.ts';
import { replaceCookie } from './hash-cookie.ts';
import { HeldAnswer } from './held-answer.ts';
import type { HeaderList } from './http1/headers.ts';
import { now, readClock } from './http1/turn.ts';
import type { UpstreamCall, UpstreamError, UpstreamHandler, UpstreamHead } from './http1/upstream.ts';
import { NOTHING } from './plugins/plan.ts';
import {
  needsResponse,
  runBodyFilter,
  runHeaderFilter,
  runResponse,
  runRetry,
  runUpstreamAnswer,
} from './plugins/run.ts';
import { mayRetry } from './retry.ts';
import type { UpstreamSettings } from './snapshot.ts';
import { nanosecondsSince, newTry, type Try } from './try.ts';
import { openTunnel } from './upgrade/open.ts';
import { upgradeOf } from './upgrade/wanted.ts';
import { noteUpstreamUri, upstreamHost, upstreamTarget } from './upstream-target.ts';
import { upstreamAnswer } from './views/upstream-answer.ts';
import { withBody } from './with-body.ts';

const NO_BYTES = new Uint8Array(0);
const MAX_BUFFERED_RESPONSE = 64 * 1024 * 1024;
const MAX_DISCARDED = 64 * 1024;
const FAILURE_MS = 1000;
const TIMEOUTS: ReadonlySet<string> = new Set(['connect_timeout', 'read_timeout', 'send_timeout']);

export function sendUpstream(context: RequestContext): void {
  setUpstreamHeaders(context);
  noteUpstreamUri(context);
  withBody(context, () => new Sending(context).attempt());
}

/** All tries of one request. Handles the upstream's events of the current try. */
class Sending implements UpstreamHandler {
  readonly #context: RequestContext;
  readonly #exchange: ClientExchange;
  #source: PeerSource;
  readonly #settings: UpstreamSettings;
  #triesLeft: number;
  #peer: Peer | undefined = undefined;
  #try: Try | undefined = undefined;
  #call: UpstreamCall | undefined = undefined;
  #sentAt = 0;
  /** When the choice of a peer began, where somebody logs what it took. */
  #mark: number | undefined = undefined;
  #headAt = 0;
  #head: UpstreamHead | undefined = undefined;
  #chunks: Buffer[] | undefined = undefined;
  #chunkBytes = 0;
  #isStarted = false;
  #held: HeldAnswer | undefined = undefined;
  /** Of the upstream's body as it comes. */
  #listener: BodyListener | undefined = undefined;
  /** The client has its answer; the upstream's body is not wanted. */
  #discards = false;
  /** The client wants to go on with this protocol. */
  readonly #upgrade: string | undefined;
  /** The balancer counts the current try as under way. */
  #isHeld = false;

  constructor(context: RequestContext) {
    this.#context = context;
    this.#exchange = context.exchange;
    this.#source = choosePeers(context);
    const { upstream } = context.match!.route;
    this.#settings = context.limits === undefined ? upstream : { ...upstream, ...context.limits };
    this.#triesLeft = this.#settings.tries;
    this.#upgrade = upgradeOf(context);
    this.#exchange.onAbort = () => {
      this.#call?.abort();
      this.#release();
    };
  }

  attempt(): void {
    this.#triesLeft -= 1;
    this.#context.timeline?.enter('balancer');
    // Plugins may have taken their time.
    const startedAt = this.#context.chosen === NOTHING ? now() : readClock();
    this.#mark = this.#context.chosen.log.length > 0 ? performance.now() : undefined;
    const picked = pickPeer(this.#context, this.#source);
    if (isPromise<Picked>(picked)) {
      picked
        .then((resolved) => {
          if (!this.#exchange.finished) this.#send(resolved, startedAt, 'late');
        })
        .catch((error: unknown) => this.#giveUp(500, String(error)));
    } else this.#send(picked as Picked, startedAt, 'at once');
  }

  /** @param late the pick waited for a name to be resolved. */
  #send(picked: Picked, startedAt: number, late: 'late' | 'at once'): void {
    const context = this.#context;
    if (!picked.ok) return this.#giveUp(picked.status, picked.message);
    const { peer } = picked;
    context.timeline?.picked(late);
    this.#release();
    this.#peer = peer;
    this.#isHeld = true;
    this.#sentAt = late === 'late' ? now() : startedAt;
    const choiceNs = this.#mark === undefined ? undefined : nanosecondsSince(this.#mark);
    this.#try = newTry(peer, startedAt, this.#sentAt, choiceNs);
    if (context.attempts === undefined) {
      context.attempts = [this.#try];
      context.proxyLatency = Math.max(0, this.#sentAt - context.startedAt);
    } else context.attempts.push(this.#try);
    const body: Uint8Array | RequestBody | undefined =
      context.upstreamBody ?? (this.#exchange.body.kind === 'none' ? undefined : this.#exchange.body);
    const host = upstreamHost(context, this.#source, peer);
    const pool = context.isUpstreamHttp2 ? context.core.http2Pool : context.core.pool;
    this.#call = pool.dispatch(
      {
        target: upstreamTarget(context, this.#source, peer, host),
        method: context.upstreamMethod,
        path: context.upstreamUri,
        hostHeader: host,
        headers: this.#exchange.headers,
        body,
        connectTimeoutMs: this.#settings.connectTimeoutMs,
        sendTimeoutMs: this.#settings.sendTimeoutMs,
        readTimeoutMs: this.#settings.readTimeoutMs,
        upgrade: this.#upgrade,
      },
      this,
    );
  }

  onConnected(isReused: boolean): void {
    if (!isReused) this.#context.timeline?.part('connect');
  }

  onHead(head: UpstreamHead): void {
    this.#noteHead(head);
    // Who wants to switch protocols cannot wait for a whole answer.
    const isAsked = this.#context.chosen.response.length > 0 && this.#upgrade === undefined;
    const need = isAsked ? needsResponse(this.#context, head.headers) : 'nothing';
    if (need === 'body') this.#chunks = [];
    else if (need === 'head') this.#hold(head);
    else this.#startAnswer(head.headers, head.length);
  }

  /** Plugins look at the head; the body waits and then goes on chunk by chunk. */
  #hold(head: UpstreamHead): void {
    const context = this.#context;
    const held = new HeldAnswer();
    this.#held = held;
    const goOn = (): void => {
      if (this.#held !== held) return;
      this.#held = undefined;
      if (context.answer !== undefined) {
        this.#discards = true;
        answerPlugin(context);
      } else this.#startAnswer(head.headers, head.length);
      for (const chunk of held.chunks) this.onData(chunk);
      if (held.end !== undefined) this.onEnd(held.end.trailers);
      else if (held.chunks.length > 0) this.#call?.resume();
    };
    const step = runResponse(context);
    if (!isPromise(step)) return goOn();
    step.then(goOn).catch((error: unknown) => this.#giveUp(500, String(error)));
  }

  #noteHead(head: UpstreamHead): void {
    const context = this.#context;
    this.#headAt = now();
    context.timeline?.part('time_to_first_byte');
    this.#head = head;
    context.upstreamLatency = this.#headAt - this.#sentAt;
    context.upstreamStatus += context.upstreamStatus === '' ? String(head.status) : `, ${head.status}`;
    context.source = 'service';
    context.status = head.status;
    this.#source.balancer?.report(this.#peer!, { status: head.status });
    if (context.chosen.observe.length > 0) this.#listener = runUpstreamAnswer(context, upstreamAnswer(head));
    const cookie = cookieFor(this.#source, this.#peer!);
    if (cookie !== undefined) replaceCookie(head.headers, cookie);
  }

  /** What plugins and the gateway itself do to the lines of an answer. */
  #decorate(headers: HeaderList): void {
    const context = this.#context;
    const { chosen } = context;
    context.bindHeaders(headers);
    if (chosen.header.length > 0) runHeaderFilter(context);
    setProxiedHeaders(context, headers, true);
    context.responseHeaders = headers;
  }

  #startAnswer(headers: HeaderList, length: number | undefined): void {
    const context = this.#context;
    this.#decorate(headers);
    this.#isStarted = true;
    if (context.replacedBody !== undefined) return this.#answerInstead(headers, context.replacedBody);
    const known = context.chosen.body.length > context.keptBodies ? undefined : length;
    this.#exchange.startResponse(context.status, this.#head!.reason, headers, known);
  }

  /** A header filter replaced the body: what the upstream still sends is thrown away, as long as it is little. */
  #answerInstead(headers: HeaderList, body: string | Uint8Array): void {
    const context = this.#context;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const filtered = context.chosen.body.length > 0 ? runBodyFilter(context, bytes, true) : bytes;
    if (filtered === undefined) return this.#abortBoth();
    this.#discards = true;
    context.source = 'exit';
    this.#exchange.respond(context.status, undefined, headers, filtered);
  }

  #discard(chunk: Buffer): boolean {
    this.#chunkBytes += chunk.length;
    if (this.#chunkBytes > MAX_DISCARDED) {
      this.#call?.abort();
      this.#release();
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#held !== undefined) return this.#held.keep(chunk);
    this.#listener?.(chunk, false);
    if (this.#discards) return this.#discard(chunk);
    if (this.#chunks !== undefined) return this.#collect(chunk);
    const bytes = this.#context.chosen.body.length > 0 ? runBodyFilter(this.#context, chunk, false) : chunk;
    if (bytes === undefined) {
      this.#abortBoth();
      return true;
    }
    if (bytes.length === 0 || this.#exchange.write(bytes)) return true;
    this.#exchange.onDrain = () => this.#call?.resume();
    return false;
  }

  #collect(chunk: Buffer): boolean {
    this.#chunkBytes += chunk.length;
    if (this.#chunkBytes > MAX_BUFFERED_RESPONSE) {
      this.#call?.abort();
      this.#chunks = [];
      this.#answerFault(502);
      return true;
    }
    // The engine may use its buffer again; what is kept must be our own.
    this.#chunks!.push(Buffer.from(chunk));
    return true;
  }

  onEnd(trailers?: HeaderList): void {
    this.#context.timeline?.part('streaming');
    if (this.#held !== undefined) {
      this.#held.end = { trailers };
      return;
    }
    const context = this.#context;
    context.receiveLatency = now() - this.#headAt;
    this.#release();
    this.#listener?.(NO_BYTES, true);
    if (this.#discards || (this.#exchange.answered && !this.#isStarted)) return;
    if (this.#chunks !== undefined) return this.#answerBuffered(Buffer.concat(this.#chunks));
    if (context.chosen.body.length > 0) {
      context.trailers = trailers;
      const bytes = runBodyFilter(context, NO_BYTES, true);
      if (bytes === undefined) return this.#abortBoth();
      if (bytes.length > 0) this.#exchange.write(bytes);
    }
    this.#exchange.end(trailers);
  }

  /** 101: from here on the bytes are the client's and the upstream's affair. */
  onUpgrade(head: UpstreamHead, socket: Socket, bytes: Buffer): void {
    const context = this.#context;
    if (this.#exchange.finished) {
      socket.destroy();
      return;
    }
    this.#noteHead(head);
    this.#decorate(head.headers);
    this.#isStarted = true;
    openTunnel(context, {
      client: this.#exchange.switchProtocols(head.headers),
      upstream: { socket, bytes },
      idleMs: this.#settings.readTimeoutMs,
      sendMs: this.#settings.sendTimeoutMs,
      deadlines: context.core.pool.deadlines,
      onSent: (count) => {
        this.#exchange.bytesOut += count;
      },
      onEnd: () => {
        context.receiveLatency = now() - this.#headAt;
        this.#release();
      },
    });
  }

  #answerBuffered(body: Buffer): void {
    const context = this.#context;
    const { response } = context;
    context.isBuffered = true;
    context.bindHeaders(this.#head!.headers);
    response.body = body;
    context.timeline?.enter('response');
    const finish = (): void => {
      if (context.answer !== undefined) return answerPlugin(context);
      this.#startAnswer(this.#head!.headers, response.body.length);
      if (this.#discards) return;
      const filtered = context.chosen.body.length > 0 ? runBodyFilter(context, response.body, true) : response.body;
      if (filtered === undefined) return this.#abortBoth();
      if (filtered.length > 0) this.#exchange.write(filtered);
      this.#exchange.end();
    };
    const step = runResponse(context);
    if (!isPromise(step)) return finish();
    step.then(finish).catch((error: unknown) => this.#giveUp(500, String(error)));
  }

  onError(error: UpstreamError): void {
    this.#held = undefined;
    const context = this.#context;
    // However quickly it came, a failure counts as a slow answer.
    this.#release(Math.max(now() - this.#sentAt, FAILURE_MS));
    if (this.#exchange.finished) return;
    const where = { request_id: context.id, peer: this.#peer!.key, reason: error.kind };
    if (this.#isStarted) {
      context.core.events.log('warn', 'upstream failed in the middle of its answer', where);
      this.#exchange.abort();
      return;
    }
    const isTimeout = TIMEOUTS.has(error.kind);
    const status = isTimeout ? 504 : 502;
    if (this.#head === undefined) {
      context.upstreamStatus += context.upstreamStatus === '' ? String(status) : `, ${status}`;
    }
    if (this.#triesLeft > 0 && mayRetry(error, context)) {
      this.#try!.state = 'failed';
      this.#try!.code = status;
      this.#source.balancer?.report(this.#peer!, { failure: isTimeout ? 'timeout' : 'tcp' });
      return context.chosen.retry.length === 0 ? this.attempt() : this.#askPlugins(status);
    }
    this.#try!.state = 'failed';
    this.#try!.code = status;
    this.#source.balancer?.report(this.#peer!, isTimeout ? { failure: 'timeout' } : { status });
    context.core.events.log('warn', 'no answer from the upstream', { ...where, tries: context.attempts!.length });
    this.#answerFault(status);
  }

  /** Plugins may send the next try elsewhere or as another request, or want none. */
  #askPlugins(status: 502 | 504): void {
    const context = this.#context;
    const { targetHost, targetPort } = context;
    const goOn = (isWanted: boolean): void => {
      if (this.#exchange.finished) return;
      if (!isWanted) return this.#answerFault(status);
      if (context.targetHost !== targetHost || context.targetPort !== targetPort) this.#source = choosePeers(context);
      noteUpstreamUri(context);
      this.attempt();
    };
    const step = runRetry(context);
    if (!isPromise<boolean>(step)) return goOn(step);
    step.then(goOn).catch((error: unknown) => this.#giveUp(500, String(error)));
  }

  #giveUp(status: 500 | 503, message: string): void {
    if (this.#context.attempts === undefined) answerError(this.#context, status, message);
    else this.#answerFault(status);
  }

  #answerFault(status: 500 | 502 | 503 | 504): void {
    this.#context.upstreamLatency = now() - this.#sentAt;
    answerUpstreamFault(this.#context, status);
  }

  /** Once for every pick: the peer has one request less under way. */
  #release(latencyMs = this.#head === undefined ? undefined : now() - this.#sentAt): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#source.balancer?.release(this.#peer!, latencyMs);
  }

  #abortBoth(): void {
    this.#call?.abort();
    this.#release();
    this.#exchange.abort();
  }
}
