// Where a command writes what it made: to standard output, or to a file.
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { GwctlError } from '../lib/errors.ts';

export const outputFlag = {
  'output-file': Flags.string({
    char: 'o',
    default: '-',
    helpValue: 'FILE',
    description: 'where to write it; - for standard output',
  }),
};

const isStream = (path: string): boolean => path === '-' || path.startsWith('/dev/');

/** A file without an extension gets that of its format, as decK does where it writes whole configurations. */
export const withExtension = (path: string, format: string): string =>
  isStream(path) || extname(path) !== '' ? path : `${path}.${format}`;

/** An existing file is overwritten only when somebody agrees. */
export async function confirmOverwrite(path: string, answer: 'yes' | 'ask'): Promise<void> {
  if (answer === 'yes' || isStream(path)) return;
  const [{ fileExists }, { confirm }] = await Promise.all([
    import('../control/file/output-file.ts'),
    import('./confirm.ts'),
  ]);
  if (!(await fileExists(path).catch(unwritable(path)))) return;
  if (await confirm(`File '${path}' already exists. Do you want to overwrite it? `)) return;
  throw new GwctlError('E_USAGE', `${path} exists and was left as it is`, { hint: 'Pass --yes to overwrite it.' });
}

/** For texts without secrets, that others read. */
export const writeOutput = (path: string, text: string): Promise<void> => write(path, text, writeFile);

/** For what may hold secrets: the file is its owner's alone, and replaced whole or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const { writePrivateFile } = await import('../control/file/output-file.ts');
  await write(path, text, writePrivateFile);
}

async function write(path: string, text: string, toFile: (path: string, text: string) => Promise<void>): Promise<void> {
  if (path === '-' || path === '/dev/stdout') {
    process.stdout.write(text);
    return;
  }
  await toFile(path, text).catch(unwritable(path));
}

/** For what the file system refuses: no defect of this program. */
export const unwritable =
  (path: string) =>
  (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GwctlError('E_USAGE', `${path} cannot be written: ${reason}`, {
      hint: 'Check that the directory exists and can be written to.',
      cause: error,
    });
  };
