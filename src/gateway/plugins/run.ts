// Runs plugin phases. Everything is synchronous until a handler returns a promise: only then does the request leave the
// loop, and it comes back to the same place. A handler that throws answers 500; later phases still run.

import { isPromise } from '../../lib/promise.ts';
import type {
  Answer,
  BodyListener,
  RetryExchange,
  Step,
  UpstreamAnswer,
  UpstreamAnswerExchange,
} from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import type { HeaderList } from '../http1/headers.ts';
import { RetrySide } from '../views/upstream.ts';
import type { PluginInstance } from './instances.ts';
import { choose, type PhasePlan } from './plan.ts';

const INTERNAL_ERROR: Answer = { kind: 'error', status: 500, body: undefined, headers: {} };

export function runRewrite(
  context: RequestContext,
  instances: readonly PluginInstance[],
  from = 0,
): void | Promise<void> {
  for (let i = from; i < instances.length; i++) {
    const instance = instances[i]!;
    const step = call(context, instance, () => instance.phases.rewrite!(context));
    if (isPromise(step)) {
      return settle(context, instance, step).then(() =>
        context.answer === undefined ? runRewrite(context, instances, i + 1) : undefined,
      );
    }
    if (step !== undefined) {
      context.answer = step as Answer;
      return;
    }
  }
}

/** Runs access handlers until one answers; goes on choosing instances to the end, for the phases that follow. */
export function runAccess(context: RequestContext, plan: PhasePlan): void | Promise<void> {
  if (plan.fixed !== undefined) {
    context.chosen = plan.fixed;
    return runFixed(context, plan.fixed.access, 0);
  }
  return runDeciding(context, plan, [], 0);
}

function runFixed(context: RequestContext, instances: readonly PluginInstance[], from: number): void | Promise<void> {
  for (let i = from; i < instances.length; i++) {
    const instance = instances[i]!;
    const step = callAccess(context, instance);
    if (step === undefined) continue;
    if (isPromise(step)) {
      return settle(context, instance, step).then(() =>
        context.answer === undefined ? runFixed(context, instances, i + 1) : undefined,
      );
    }
    context.answer = step as Answer;
    return;
  }
}

function runDeciding(
  context: RequestContext,
  plan: PhasePlan,
  chosen: PluginInstance[],
  from: number,
): void | Promise<void> {
  for (let i = from; i < plan.entries.length; i++) {
    const { general, forConsumer } = plan.entries[i]!;
    const consumer = context.consumer;
    const instance = forConsumer !== undefined && consumer !== undefined ? forConsumer(consumer.id) : general;
    if (instance === undefined) continue;
    chosen.push(instance);
    if (context.answer !== undefined || instance.phases.access === undefined) continue;
    const step = callAccess(context, instance);
    if (isPromise(step)) {
      return settle(context, instance, step).then(() => runDeciding(context, plan, chosen, i + 1));
    }
    if (step !== undefined) context.answer = step as Answer;
  }
  context.chosen = choose(chosen);
}

function callAccess(context: RequestContext, instance: PluginInstance): Step {
  try {
    return instance.phases.access!(context);
  } catch (error) {
    context.reportPluginError(instance, 'access', error);
    return INTERNAL_ERROR;
  }
}

/** Before another try; false when there shall be none. */
export function runRetry(context: RequestContext): boolean | Promise<boolean> {
  const upstream = new RetrySide(context);
  const { request, client, shared, tracing, route, service, response } = context;
  const exchange: RetryExchange = {
    upstream,
    request,
    client,
    shared,
    tracing,
    route,
    service,
    response,
    setLogValue: (key, value, mode) => context.setLogValue(key, value, mode),
  };
  return askFrom(context, exchange, upstream, 0);
}

function askFrom(
  context: RequestContext,
  exchange: RetryExchange,
  upstream: RetrySide,
  from: number,
): boolean | Promise<boolean> {
  for (let i = from; i < context.chosen.retry.length; i++) {
    const instance = context.chosen.retry[i]!;
    const report = (error: unknown): void => context.reportPluginError(instance, 'retry', error);
    try {
      const step = instance.phases.retry!(exchange);
      if (isPromise<void>(step)) return step.catch(report).then(() => askFrom(context, exchange, upstream, i + 1));
    } catch (error) {
      report(error);
    }
  }
  return !upstream.isStopped;
}

type ResponseNeed = 'nothing' | 'head' | 'body';

/** What plugins have to see of this answer before its head goes out. */
export function needsResponse(context: RequestContext, headers: HeaderList): ResponseNeed {
  context.bindHeaders(headers);
  context.isAnswering = true;
  let need: ResponseNeed = 'nothing';
  for (const instance of context.chosen.response) {
    const own = needOf(context, instance);
    if (own === 'body') return own;
    if (own === 'head') need = own;
  }
  return need;
}

function needOf(context: RequestContext, instance: PluginInstance): ResponseNeed {
  if (instance.phases.needs_response === undefined) return 'body';
  try {
    const need = instance.phases.needs_response(context);
    return need === 'head' ? need : need ? 'body' : 'nothing';
  } catch (error) {
    context.reportPluginError(instance, 'response', error);
    return 'body';
  }
}

export function runResponse(context: RequestContext, from = 0): void | Promise<void> {
  context.isInResponse = true;
  const instances = context.chosen.response;
  for (let i = from; i < instances.length; i++) {
    const instance = instances[i]!;
    if (needOf(context, instance) === 'nothing') continue;
    const step = call(context, instance, () => instance.phases.response!(context));
    if (isPromise(step)) {
      return settle(context, instance, step).then(() =>
        context.answer === undefined ? runResponse(context, i + 1) : undefined,
      );
    }
    if (step !== undefined) {
      context.answer = step as Answer;
      return;
    }
  }
}

/** Shows the upstream's answer, and then its body, to those who asked for it; undefined when nobody wants the body. */
export function runUpstreamAnswer(context: RequestContext, answer: UpstreamAnswer): BodyListener | undefined {
  context.isAnswering = true;
  const listeners: BodyListener[] = [];
  for (const instance of context.chosen.observe) {
    let listener: BodyListener | undefined;
    const guarded = <T>(run: () => T): T | undefined => {
      try {
        return run();
      } catch (error) {
        context.reportPluginError(instance, 'upstream_answer', error);
        listener = undefined;
        return undefined;
      }
    };
    listener = guarded(() => instance.phases.upstream_answer!(withAnswer(context, answer)));
    if (listener !== undefined) listeners.push((chunk, last) => guarded(() => listener?.(chunk, last)));
  }
  if (listeners.length === 0) return undefined;
  return (chunk, last) => {
    for (const listener of listeners) listener(chunk, last);
  };
}

const withAnswer = (context: RequestContext, answer: UpstreamAnswer): UpstreamAnswerExchange => ({
  answer,
  request: context.request,
  response: context.response,
  client: context.client,
  shared: context.shared,
  get tracing() {
    return context.tracing;
  },
  route: context.route,
  service: context.service,
  setLogValue: (key, value, mode) => context.setLogValue(key, value, mode),
});

export function runHeaderFilter(context: RequestContext): void {
  context.isAnswering = true;
  context.isInResponse = false;
  for (const instance of context.chosen.header) {
    try {
      instance.phases.header_filter!(context);
    } catch (error) {
      context.reportPluginError(instance, 'header_filter', error);
    }
  }
}

/** The chunk after all filters; undefined when one failed: what it would have hidden must not go out. */
export function runBodyFilter(context: RequestContext, chunk: Uint8Array, last: boolean): Uint8Array | undefined {
  let bytes = chunk;
  for (const instance of context.chosen.body) {
    try {
      bytes = instance.phases.body_filter!(context, bytes, last);
    } catch (error) {
      context.reportPluginError(instance, 'body_filter', error);
      return undefined;
    }
  }
  return bytes;
}

export function runLog(context: RequestContext): void {
  context.isAnswering = true;
  context.isInResponse = false;
  for (const instance of context.chosen.log) {
    try {
      instance.phases.log!(context);
    } catch (error) {
      context.reportPluginError(instance, 'log', error);
    }
  }
}

function call(context: RequestContext, instance: PluginInstance, run: () => Step): Step {
  try {
    return run();
  } catch (error) {
    context.reportPluginError(instance, 'access', error);
    return INTERNAL_ERROR;
  }
}

async function settle(context: RequestContext, instance: PluginInstance, step: Promise<unknown>): Promise<void> {
  try {
    const answer = await step;
    if (answer !== undefined) context.answer = answer as Answer;
  } catch (error) {
    context.reportPluginError(instance, 'access', error);
    context.answer = INTERNAL_ERROR;
  }
}
