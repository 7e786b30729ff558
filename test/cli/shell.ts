// Commands in one process of their own that lives as long as the test file: for tests that run hundreds of them. What a
// process does at its end - signals, exit, a terminal - is tested with `gwctl` of rig.ts instead.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Run } from './rig.ts';

export interface Shell {
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: Record<string, string> },
  ): Promise<Run>;
  close(): void;
}

export function openShell(): Shell {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'run-shell.mjs');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((run: Run) => void)[] = [];
  child.once('exit', (code) => {
    for (const answer of waiting.splice(0)) answer({ code: code ?? -1, out: '', err: 'the shell has ended' });
  });
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line) as Run));
  return {
    run: (args, options = {}) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify({ args, ...options })}\n`);
      }),
    close: () => void child.stdin.end(),
  };
}
