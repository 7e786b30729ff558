// Writes what a command made for others to read: to standard output, or to a file that holds no secrets.
import { writeFile } from 'node:fs/promises';
import * as Flags from '@oclif/core/flags';
import { GwctlError } from '../lib/errors.ts';

export const outputFileFlag = {
  'output-file': Flags.string({
    char: 'o',
    default: '-',
    helpValue: 'FILE',
    description: 'where to write it; - for standard output',
  }),
};

export async function writeOutput(path: string, text: string): Promise<void> {
  if (path === '-') {
    process.stdout.write(text);
    return;
  }
  await writeFile(path, text).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GwctlError('E_USAGE', `${path} cannot be written: ${reason}`, { cause: error });
  });
}
