// Runs the plugins of a connection: preread before an upstream is chosen, stream_log when it is over. A handler that throws
// ends the connection, as it would answer a request with 500.
import { isPromise } from '../../lib/promise.ts';
import { type Answer, error as errorAnswer } from '../../pdk/index.ts';
import { reportPluginError } from '../core.ts';
import type { PluginInstance } from '../plugins/instances.ts';
import type { StreamContext } from './context.ts';

/** The answer that ends the connection, if a plugin gives one. */
export function runPreread(
  context: StreamContext,
  plugins: readonly PluginInstance[],
  from = 0,
): Answer | undefined | Promise<Answer | undefined> {
  for (let i = from; i < plugins.length; i++) {
    const plugin = plugins[i]!;
    if (plugin.phases.preread === undefined) continue;
    const failed = (error: unknown): Answer => {
      reportPluginError(context.core, plugin, 'preread', error);
      return errorAnswer(500);
    };
    try {
      const step = plugin.phases.preread(context);
      if (isPromise<Answer | undefined>(step)) {
        return step.catch(failed).then((answer) => answer ?? runPreread(context, plugins, i + 1));
      }
      if (step !== undefined) return step as Answer;
    } catch (error) {
      return failed(error);
    }
  }
  return undefined;
}

/** The last that is done with them. */
export function runStreamLog(context: StreamContext, plugins: readonly PluginInstance[]): void {
  for (const plugin of plugins) {
    try {
      plugin.phases.stream_log?.(context);
    } catch (error) {
      reportPluginError(context.core, plugin, 'stream_log', error);
    }
  }
  context.table.snapshot.users.leave();
}
