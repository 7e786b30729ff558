// A question to the person at the terminal. Without a terminal nobody can answer, so the answer is no.
import { createInterface } from 'node:readline/promises';
import { GwctlError } from '../lib/errors.ts';

export async function confirm(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(question)).trim().toLowerCase();
    return answer === 'y' || answer === 'yes';
  } finally {
    terminal.close();
  }
}

/** Throws unless somebody says yes. @param flag the one that answers beforehand. */
export async function refuseOrConfirm(warning: string, flag: string): Promise<void> {
  if (process.stdin.isTTY === true && process.stderr.isTTY === true) process.stderr.write(`${warning}\n`);
  if (await confirm('> Are you sure? ')) return;
  throw new GwctlError('E_USAGE', 'nobody confirmed it, and nothing was changed', {
    hint: `Answer yes on a terminal, or pass ${flag}.`,
  });
}
