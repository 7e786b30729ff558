// Reads large state files in a thread of their own while this one serves requests: parsing and validating 100 000 routes takes
// seconds.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RouterFlavor, SchemaUse } from '../../entities/registry.ts';
import type { Fact } from '../../state/state.ts';
import { readInThread } from './fact-thread.ts';
import type { StateFiles } from './load-state.ts';

/** What the thread needs to make the same schemas: only bundled plugins, for those of a user may have changed on disk. */
export interface ThreadTask extends StateFiles {
  readonly plugins: readonly string[];
  readonly routerFlavor: RouterFlavor;
  readonly use: SchemaUse;
}

export interface FilesRead {
  readonly hash: string;
  readonly warnings: readonly string[];
}

/** Smaller ones are read in less time than a thread takes to start. */
const LARGE_BYTES = 256 * 1024;

export async function areLarge(inputs: readonly string[]): Promise<boolean> {
  if (inputs.some(isStream)) return false;
  const sizes = await Promise.all(inputs.map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0) >= LARGE_BYTES;
}

/** Of what comes from elsewhere nobody knows the size. */
export const mayBeLarge = async (inputs: readonly string[]): Promise<boolean> =>
  inputs.some(isStream) || (await areLarge(inputs));

export const isStream = (input: string): boolean => input === '-' || /^https?:/.test(input);

async function sizeOf(input: string): Promise<number> {
  const found = await stat(input).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const inside = await readdir(input);
  return (await Promise.all(inside.map((name) => sizeOf(join(input, name))))).reduce((sum, size) => sum + size, 0);
}

/** @param take is given every entity once, some at a time. */
export const loadApart = (task: ThreadTask, take: (facts: readonly Fact[]) => void): Promise<FilesRead> =>
  readInThread('load-thread', task, take);
