// Runs the phases of WebSocket messages: by priority, each plugin with the frame as those before left it, until one drops it or
// ends the connection. Synchronous until a handler awaits something.
import { isPromise } from '../../lib/promise.ts';
import type { FrameStep, WebSocketEnd, WebSocketFrame } from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';

export type FramePhase = 'ws_client_frame' | 'ws_server_frame';

/** What a plugin would have hidden must not go on. */
const BROKEN: WebSocketEnd = { status: 1011 };

export function runFrame(
  context: RequestContext,
  phase: FramePhase,
  frame: WebSocketFrame,
  from = 0,
): FrameStep | Promise<FrameStep> {
  const instances = context.chosen.socket;
  for (let i = from; i < instances.length; i++) {
    const instance = instances[i]!;
    if (instance.phases[phase] === undefined) continue;
    const broken = (error: unknown): WebSocketEnd => {
      context.reportPluginError(instance, phase, error);
      return BROKEN;
    };
    try {
      const step = instance.phases[phase](context, frame);
      if (isPromise<FrameStep>(step)) {
        return step.catch(broken).then((later) => later ?? runFrame(context, phase, frame, i + 1));
      }
      if (step !== undefined) return step;
    } catch (error) {
      return broken(error);
    }
  }
  return undefined;
}

export function runSocketClose(context: RequestContext): void {
  for (const instance of context.chosen.socket) {
    try {
      instance.phases.ws_close?.(context);
    } catch (error) {
      context.reportPluginError(instance, 'ws_close', error);
    }
  }
}
