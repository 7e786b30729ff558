// What a worker process begins with. It knows no command line: its configuration comes from the primary, so that neither the
// command framework nor anything else that only the primary needs is loaded.
import { enableCompileCache } from 'node:module';
import { ignoreClosedPipes } from '../closed-pipe.ts';
import { setEngineFlags } from '../serve/v8-flags.ts';

enableCompileCache();
ignoreClosedPipes();
setEngineFlags();
const { serveAsWorker } = await import('./worker.ts');
await serveAsWorker();
