// The thread in which large state files are read; see load-apart.ts.
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { createSchemas } from '../../entities/registry.ts';
import { loadPluginDefinitions } from '../../plugins/loader.ts';
import type { Fact } from '../../state/state.ts';
import { factsOf } from '../../state/succession.ts';
import { packError } from '../workers/messages.ts';
import type { FromThread, ThreadTask } from './load-apart.ts';
import { loadState } from './load-state.ts';

/** What the other side takes in about 2 ms. */
const PIECE = 250;

const tell = (message: FromThread): void => parentPort?.postMessage(message);

async function read(task: ThreadTask): Promise<void> {
  const plugins = await loadPluginDefinitions(task.plugins, process.cwd());
  const schemas = createSchemas(plugins, { routerFlavor: task.routerFlavor, use: task.use });
  const { state, hash, warnings } = await loadState(task, schemas);
  let facts: Fact[] = [];
  const send = async (): Promise<void> => {
    tell({ type: 'facts', facts });
    facts = [];
    await once(parentPort!, 'message');
  };
  for (const fact of factsOf(state)) {
    facts.push(fact);
    if (facts.length === PIECE) await send();
  }
  await send();
  tell({ type: 'done', hash, warnings });
}

await read(workerData as ThreadTask).catch((error: unknown) => tell({ type: 'failed', error: packError(error) }));
