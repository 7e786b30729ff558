// The way of one request through the gateway, top to bottom: rewrite, match, access, balance and send, answer, log.
// Each step goes on by a plain call; only a plugin that awaits something makes it a promise.
import { isPromise } from '../lib/promise.ts';
import { answerError, answerPlugin, redirectToHttps } from './answer.ts';
import { RequestContext } from './context.ts';
import type { GatewayCore } from './core.ts';
import type { ClientExchange } from './exchange.ts';
import { refuseForGrpcRoute } from './grpc-refusal.ts';
import { readClock } from './http1/turn.ts';
import { recordAccess } from './observe/access-record.ts';
import type { Timeline } from './observe/timeline.ts';
import type { Chosen } from './plugins/plan.ts';
import { runAccess, runLog, runRewrite } from './plugins/run.ts';
import { runSocketClose } from './plugins/run-frames.ts';
import { upstreamPath } from './router/path.ts';
import { protocolVerdict } from './router/protocol.ts';
import { sendUpstream } from './send.ts';
import type { Snapshot } from './snapshot.ts';

/** nginx's status for a client that left before there was an answer. */
const CLIENT_CLOSED_REQUEST = 499;
const SWITCHED = 101;

export function handle(core: GatewayCore, snapshot: Snapshot, exchange: ClientExchange): void {
  const context = new RequestContext(core, snapshot, exchange);
  snapshot.users.enter();
  exchange.onFinish = () => finish(context);
  const { rewrite } = snapshot.planner;
  const { timeline } = context;
  if (rewrite.length === 0) route(context);
  else proceed(context, runRewrite(context, timeline?.watchAll(rewrite) ?? rewrite), route);
}

function route(context: RequestContext): void {
  const { exchange, snapshot, timeline } = context;
  if (context.answer !== undefined) {
    context.chosen = ofEverybody(context);
    return answerPlugin(context);
  }
  timeline?.enter('router');
  const match = snapshot.router.match({
    method: exchange.method,
    host: exchange.host,
    path: context.path,
    query: context.rawQuery,
    scheme: exchange.encrypted ? 'https' : 'http',
    port: context.core.advertisedPort(exchange.localPort),
    sni: exchange.serverName,
    headers: exchange.headers,
    connection: exchange,
  });
  timeline?.enter('access');
  if (match === undefined) {
    context.chosen = ofEverybody(context);
    return answerError(context, 404, 'no Route matched with those values');
  }
  context.match = match;
  context.route = match.route.entity;
  context.service = match.route.service;
  const verdict = protocolVerdict(match.route, context.scheme);
  if (verdict !== 'ok') return redirectToHttps(context, verdict);
  if (match.route.isGrpc && refuseForGrpcRoute(context, match.route.protocols)) return;
  access(context);
}

function access(context: RequestContext): void {
  const { match, service, snapshot, timeline } = context;
  const servicePath = service?.['path'] as string | null | undefined;
  const { path, strippedPrefix } = upstreamPath(match!, servicePath ?? undefined, context.path);
  context.upstreamPath = path;
  context.forwardedPrefix = strippedPrefix === '/' ? undefined : strippedPrefix;
  const plan = snapshot.planner.plan(context.route);
  proceed(context, runAccess(context, timeline?.watchPlan(plan) ?? plan), forward);
}

/** What runs on answers to requests that have no route. */
function ofEverybody({ snapshot: { planner }, timeline }: RequestContext): Chosen {
  return timeline?.watchChosen(planner.global) ?? planner.global;
}

function forward(context: RequestContext): void {
  if (context.answer !== undefined) return answerPlugin(context);
  if (context.service === undefined && context.targetHost === undefined) {
    return answerError(context, 503, 'no Service found with those values');
  }
  sendUpstream(context);
}

/** Exactly once, after the last byte or when the client went away. */
function finish(context: RequestContext): void {
  // Answered by the engine (a faulty body), or by nobody because the client left.
  if (context.status === 0) context.status = context.exchange.status || CLIENT_CLOSED_REQUEST;
  if (context.chosen.socket.length > 0 && context.status === SWITCHED) runSocketClose(context);
  const { core, chosen, timeline } = context;
  if (chosen.log.length === 0 && core.events.access === undefined && timeline === undefined) {
    context.snapshot.users.leave();
    return;
  }
  context.endedAt = readClock();
  core.ended.add(context);
}

/** When its last bytes have left. */
export function logEnded(context: RequestContext): void {
  const { core, timeline } = context;
  runLog(context);
  context.snapshot.users.leave();
  core.events.access?.(recordAccess(context));
  if (timeline !== undefined) tellTimeline(context, timeline);
}

/** The answer's head told what was known then. */
function tellTimeline({ core, id, exchange, status }: RequestContext, timeline: Timeline): void {
  const details = { request_id: id, method: exchange.method, uri: exchange.target, status };
  core.events.log(timeline.logLevel, '[request-debug] timeline of a request', {
    ...details,
    timeline: timeline.record(),
  });
}

function proceed(context: RequestContext, step: void | Promise<void>, next: (context: RequestContext) => void): void {
  if (!isPromise(step)) {
    next(context);
    return;
  }
  step
    .then(() => {
      if (!context.exchange.finished) next(context);
    })
    .catch((error: unknown) => fail(context, error));
}

/** A defect of ours: the client gets 500 and the log gets the stack; nobody else's request is touched. */
function fail(context: RequestContext, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.core.events.log('error', 'request failed inside the gateway', { request_id: context.id, error: text });
  if (context.exchange.answered) context.exchange.abort();
  else answerError(context, 500, 'An unexpected error occurred');
}
