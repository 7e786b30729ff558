// pre-function and post-function at work: the chunks of each phase, run in order in one sandbox of the instance. A chunk that
// answers ends the phase; one that fails answers 500 before the request went upstream and is told in the log afterwards.
import type { Json } from '../../../lib/json.ts';
import type { Answer, Environment, Phases, RewriteExchange } from '../../../pdk/index.ts';
import { checkChunk } from './check-chunk.ts';
import { type Call, operate, ownValues, type Phase } from './operations.ts';
import { createSandbox } from './sandbox.ts';

export type ChunksConfig = Readonly<Record<Phase, readonly string[]>>;

const PHASES: readonly Phase[] = ['certificate', 'rewrite', 'access', 'header_filter', 'body_filter', 'log'];
const MAX_BODY = 8 * 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

export function createFunctionPhases(plugin: string, config: ChunksConfig, environment: Environment): Phases {
  const sources = PHASES.flatMap((phase) =>
    config[phase].map((code, index) => ({ phase, code, place: `${phase}[${index + 1}]` })),
  );
  for (const { code, place } of sources) {
    const reason = checkChunk(code);
    if (reason !== undefined) throw new Error(`error parsing ${plugin}: ${place}: ${reason}`);
  }
  const sandbox = createSandbox(
    sources.map(({ code }) => code),
    plugin,
  );
  const numbers = (phase: Phase): number[] =>
    sources.flatMap((source, index) => (source.phase === phase ? [index] : []));
  const own = ownValues(plugin);
  const readsBody = (phase: Phase): boolean => config[phase].some((code) => code.includes('get_raw_body'));

  function callOf(phase: Phase, exchange: Call['exchange'], more: Partial<Call>): Call {
    let values = exchange.shared.get(own);
    if (values === undefined) exchange.shared.set(own, (values = new Map<string, Json>()));
    return {
      phase,
      exchange,
      connection: undefined,
      early: undefined,
      head: undefined,
      seen: undefined,
      environment,
      own: values,
      requestBody: undefined,
      responseBody: undefined,
      newBody: undefined,
      answer: undefined,
      ...more,
    };
  }

  /** Answers what went wrong. */
  function runAll(call: Call, chunks: readonly number[]): string | undefined {
    for (const chunk of chunks) {
      const problem = sandbox.run(chunk, (operation, text) => operate(call, operation, text));
      if (problem !== undefined) return `${sources[chunk]!.place} ${problem}`;
      if (call.answer !== undefined) return undefined;
    }
    return undefined;
  }

  const early = (phase: 'rewrite' | 'access') => {
    const chunks = numbers(phase);
    const needsBody = readsBody(phase);
    const run = (exchange: RewriteExchange, requestBody: string | undefined): Answer | undefined => {
      const call = callOf(phase, exchange, { early: exchange, requestBody });
      const problem = runAll(call, chunks);
      if (problem !== undefined) throw new Error(problem);
      return call.answer;
    };
    return needsBody
      ? async (exchange: RewriteExchange) => run(exchange, (await exchange.request.body(MAX_BODY))?.toString('utf8'))
      : (exchange: RewriteExchange) => run(exchange, undefined);
  };

  const late = (call: Call, chunks: readonly number[]): void => {
    const problem = runAll(call, chunks);
    if (problem !== undefined) environment.log.error(problem, { request_id: call.exchange.request.id });
  };

  const phases: Phases = {};
  if (config.certificate.length > 0) {
    const chunks = numbers('certificate');
    phases.certificate = ({ client }) => {
      // Nothing else of it is asked for in this phase.
      const exchange = { shared: new Map() } as unknown as Call['exchange'];
      const problem = runAll(callOf('certificate', exchange, { connection: client }), chunks);
      if (problem !== undefined) throw new Error(problem);
    };
  }
  if (config.rewrite.length > 0) phases.rewrite = early('rewrite');
  if (config.access.length > 0) phases.access = early('access');
  if (config.header_filter.length > 0) {
    const chunks = numbers('header_filter');
    phases.header_filter = (exchange) =>
      late(callOf('header_filter', exchange, { head: exchange.response, seen: exchange.response }), chunks);
  }
  if (config.body_filter.length > 0) {
    const chunks = numbers('body_filter');
    const collects = readsBody('body_filter');
    const held = new WeakMap<object, Held>();
    phases.body_filter = (exchange, chunk, last) => {
      const call = callOf('body_filter', exchange, { seen: exchange.response });
      let bytes: Uint8Array = chunk;
      if (collects) {
        const body = held.get(exchange.shared) ?? { parts: [], size: 0 };
        held.set(exchange.shared, body);
        const wasHeld = body.size <= MAX_BODY;
        bytes = hold(body, chunk, last);
        const isHeld = body.size <= MAX_BODY;
        if (isHeld && last) call.responseBody = Buffer.from(bytes).toString('utf8');
        if (wasHeld && !isHeld) {
          const facts = { request_id: exchange.request.id };
          environment.log.warn(`a body of more than ${MAX_BODY} bytes passes as it is`, facts);
        }
      }
      late(call, chunks);
      return call.newBody === undefined ? bytes : Buffer.from(call.newBody);
    };
  }
  if (config.log.length > 0) {
    const chunks = numbers('log');
    phases.log = (exchange) => late(callOf('log', exchange, { seen: exchange.response }), chunks);
  }
  return phases;
}

/** A body of which nothing is passed on before its end. */
interface Held {
  parts: Buffer[];
  size: number;
}

/** What may pass: nothing until the end, or everything from where there is too much to hold. */
function hold(body: Held, chunk: Uint8Array, last: boolean): Uint8Array {
  body.size += chunk.length;
  body.parts.push(Buffer.from(chunk));
  return last || body.size > MAX_BODY ? Buffer.concat(body.parts.splice(0)) : NO_BYTES;
}
