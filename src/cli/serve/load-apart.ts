// Reads large state files in a thread of their own while this one serves requests: parsing and validating 100 000 routes takes
// seconds. The entities come over in small pieces, each asked for when the one before was taken.
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RouterFlavor, SchemaUse } from '../../entities/registry.ts';
import type { Fact } from '../../state/state.ts';
import { unpackError, type WireError } from '../workers/messages.ts';
import type { StateFiles } from './load-state.ts';

/** What the thread needs to make the same schemas: only bundled plugins, for those of a user may have changed on disk. */
export interface ThreadTask extends StateFiles {
  readonly plugins: readonly string[];
  readonly routerFlavor: RouterFlavor;
  readonly use: SchemaUse;
}

export type FromThread =
  | { readonly type: 'facts'; readonly facts: readonly Fact[] }
  | { readonly type: 'done'; readonly hash: string; readonly warnings: readonly string[] }
  | { readonly type: 'failed'; readonly error: WireError };

/** Smaller ones are read in less time than a thread takes to start. */
const LARGE_BYTES = 256 * 1024;
/** Beside this file, and as it is: source or built. */
const ENTRY = join(import.meta.dirname, `load-thread${extname(import.meta.filename)}`);

export async function areLarge(inputs: readonly string[]): Promise<boolean> {
  if (inputs.some((input) => input === '-' || /^https?:/.test(input))) return false;
  const sizes = await Promise.all(inputs.map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0) >= LARGE_BYTES;
}

async function sizeOf(input: string): Promise<number> {
  const found = await stat(input).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const inside = await readdir(input);
  return (await Promise.all(inside.map((name) => sizeOf(join(input, name))))).reduce((sum, size) => sum + size, 0);
}

/** @param take is given every entity once, some at a time. */
export function loadApart(
  task: ThreadTask,
  take: (facts: readonly Fact[]) => void,
): Promise<{ readonly hash: string; readonly warnings: readonly string[] }> {
  const thread = new Worker(ENTRY, { workerData: task });
  // A process that ends does not wait for what it would not use.
  thread.unref();
  const done = new Promise<{ hash: string; warnings: readonly string[] }>((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the thread that reads the files ended before it was done')));
    thread.on('message', (message: FromThread) => {
      if (message.type === 'done') return resolve(message);
      if (message.type === 'failed') return reject(unpackError(message.error));
      take(message.facts);
      return thread.postMessage('more');
    });
  });
  return done.finally(() => void thread.terminate());
}
