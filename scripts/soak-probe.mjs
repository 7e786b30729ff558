// Loaded into every process of a gateway under soak: on a signal it collects garbage and writes down what memory is left, so
// that a leak can be told from garbage that nobody had a reason to collect yet.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
  const path = join(process.env.SOAK_FOLDER, `memory-${process.pid}.json`);
  writeFileSync(`${path}.part`, JSON.stringify(process.memoryUsage()));
  renameSync(`${path}.part`, path);
});
