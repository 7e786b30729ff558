// What a worker process begins with. It knows no command line: its configuration comes from the primary, so that neither the
// command framework nor anything else that only the primary needs is loaded. Engine flags are set at the same moments as in a
// process that serves alone: cached code of a module counts only under the flags that it was made with.
import { enableCompileCache } from 'node:module';
import { ignoreLostOutput } from '../closed-pipe.ts';
import { holdCompilers, holdYoungGeneration } from '../serve/v8-flags.ts';

enableCompileCache();
ignoreLostOutput();
holdYoungGeneration();
holdCompilers();
const { serveAsWorker } = await import('./worker.ts');
await serveAsWorker();
