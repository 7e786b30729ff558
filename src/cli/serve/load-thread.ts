// The thread in which large state files are read; see load-apart.ts.
import { workerData } from 'node:worker_threads';
import { createSchemas } from '../../entities/registry.ts';
import { loadPluginDefinitions } from '../../plugins/loader.ts';
import { type ReadState, tellFacts } from './fact-thread.ts';
import type { FilesRead, ThreadTask } from './load-apart.ts';
import { loadState } from './load-state.ts';

async function read(task: ThreadTask): Promise<ReadState<FilesRead>> {
  const plugins = await loadPluginDefinitions(task.plugins, process.cwd());
  const schemas = createSchemas(plugins, { routerFlavor: task.routerFlavor, use: task.use });
  const { state, hash, warnings } = await loadState(task, schemas);
  return { state, rest: { hash, warnings } };
}

await tellFacts(() => read(workerData as ThreadTask));
