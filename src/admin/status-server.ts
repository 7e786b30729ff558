// The Status API: how a node is, for load balancers, orchestrators and monitoring. It has a listener of its own, so that
// these can be let in where the Admin API must not be reachable: nothing here reads or changes the configuration.
import type { IncomingMessage, Server } from 'node:http';
import type { AutoSource } from '../schema/process.ts';
import type { Store } from '../store/store.ts';
import { type BodyLimits, readBody } from './body.ts';
import type { NodeInfo } from './node.ts';
import { message, methodNotAllowed, noContent, notFound, type Reply } from './reply.ts';
import { createReplyServer, methodOf, preflight, type Target } from './server.ts';
import { findSpecial } from './special.ts';

/** May this node get requests? */
export interface Readiness {
  /** Why it may not; undefined when it may. */
  problem(): string | undefined;
  /** From now on it may not, so that whoever spreads the load looks elsewhere. */
  drain(): void;
}

export interface StatusOptions {
  readonly store: Store;
  readonly node: NodeInfo;
  readonly auto: AutoSource;
  readonly readiness: Readiness;
  readonly onError?: (error: unknown) => void;
}

/** Endpoints of the Admin API that are here as well. */
const SHARED_PATHS: ReadonlySet<string> = new Set(['status', 'status/dns', 'metrics']);
const NO_DOCUMENTS = (): Promise<{ ok: true; value: undefined }> => Promise.resolve({ ok: true, value: undefined });
const READY_METHODS = ['GET', 'POST'];
const LIMITS: BodyLimits = { bytes: 64 * 1024, values: 10_000 };

export const createStatusServer = (options: StatusOptions): Server =>
  createReplyServer((request, target) => answerRequest(options, request, target), options.onError);

async function answerRequest(options: StatusOptions, request: IncomingMessage, target: Target): Promise<Reply> {
  const path = target.segments.join('/');
  const method = methodOf(request);
  if (path === 'status/ready') {
    if (method === 'OPTIONS') return preflight(request, READY_METHODS);
    if (method === 'GET') return readyReply(options.readiness);
    return method === 'POST' ? setStatus(options.readiness, request) : methodNotAllowed;
  }
  const run = SHARED_PATHS.has(path) ? findSpecial(target.segments)?.route.methods['GET'] : undefined;
  if (run === undefined) return notFound;
  if (method === 'OPTIONS') return preflight(request, ['GET']);
  if (method !== 'GET') return methodNotAllowed;
  const { store, node, auto } = options;
  return run({
    store,
    node,
    auto,
    query: target.query,
    body: {},
    text: undefined,
    parse: NO_DOCUMENTS,
    routes: [],
    params: [],
  });
}

function readyReply(readiness: Readiness): Reply {
  const problem = readiness.problem();
  return problem === undefined ? message(200, 'ready') : message(503, problem);
}

async function setStatus(readiness: Readiness, request: IncomingMessage): Promise<Reply> {
  const body = await readBody(request, LIMITS);
  if (!body.ok) return body.reply;
  if (body.value['status'] !== 'draining') return message(400, "status: expected 'draining'");
  readiness.drain();
  return noContent;
}
