// Writing a file that may hold secrets: readable by its owner only, whole or not at all. A symbolic link stays one, and leads to the
// new file.
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readlink, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export const fileExists = async (path: string): Promise<boolean> => (await statOf(path)) !== undefined;

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Mode 0600; a reader never sees half of it. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const known = await statOf(path);
  // A pipe or a device is written to, not replaced.
  if (known?.isFile() === false) await writeFile(path, text);
  else await replaceFile(await targetOf(path), text);
}

/** Where symbolic links lead; there need not be anything yet. */
async function targetOf(path: string): Promise<string> {
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? path : targetOf(resolve(await realpath(dirname(path)), link));
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}
