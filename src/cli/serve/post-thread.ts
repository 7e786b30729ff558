// The thread in which large bodies of `POST /config` are read; see post-apart.ts.
import { workerData } from 'node:worker_threads';
import { readLarge } from '../../admin/declarative/large.ts';
import { parseState } from '../../control/file/parse.ts';
import { createSchemas } from '../../entities/registry.ts';
import { loadPluginDefinitions } from '../../plugins/loader.ts';
import { type ReadState, tellFacts } from './fact-thread.ts';
import type { PostRead, PostTask } from './post-apart.ts';

async function read(task: PostTask): Promise<ReadState<PostRead>> {
  const plugins = await loadPluginDefinitions(task.plugins, process.cwd());
  const schemas = createSchemas(plugins, { routerFlavor: task.routerFlavor, use: task.use });
  const result = await readLarge(task, { schemas, auto: { now: () => Date.now() }, parse: parseState });
  if (!result.ok) return { state: undefined, rest: result };
  const { state, hash, answer } = result;
  return { state, rest: { ok: true, hash, answer }, given: [answer.buffer as ArrayBuffer] };
}

await tellFacts(() => read(workerData as PostTask));
