// The state files a command is given: arguments and --state together, else standard input when something is piped in, else
// kong.yaml in this folder.
import { existsSync, fstatSync } from 'node:fs';

import { formatDiagnostic } from '../control/file/diagnostics.ts';
import { type Loaded, type LoadOptions, loadFiles } from '../control/file/load.ts';
import { GwctlError } from '../lib/errors.ts';
import { printableLines } from './output/printable.ts';

export function chooseInputs(args: readonly string[], flags: readonly string[] | undefined): string[] {
  const inputs = [...args, ...(flags ?? [])];
  if (inputs.length > 0) return inputs;
  if (isPiped()) return ['-'];
  if (existsSync(USUAL_FILE)) return [USUAL_FILE];
  throw new GwctlError('E_USAGE', 'no state file is named', {
    hint: 'Name a file, a directory, or - for standard input.',
  });
}

const USUAL_FILE = 'kong.yaml';

/** Pipelines often have a standard input that nobody writes to: then there is nothing in it to read. */
function isPiped(): boolean {
  if (process.stdin.isTTY === true) return false;
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    // It is closed.
    return false;
  }
}

/** Loads, or throws one error that lists everything that is wrong. */
export async function loadInputs(
  inputs: readonly string[],
  options: Omit<LoadOptions, 'env' | 'stdin' | 'fetchText'>,
): Promise<Loaded> {
  const result = await loadFiles(inputs, { ...options, env: process.env, stdin: process.stdin, fetchText });
  if (result.ok) return result;
  const count = result.diagnostics.length;
  throw new GwctlError('E_FILE_INVALID', `${count === 1 ? '1 problem' : `${count} problems`} in the state`, {
    details: `\n${result.diagnostics.map(formatDiagnostic).join('\n\n')}\n`,
  });
}

export function printWarnings(loaded: Loaded): void {
  for (const warning of loaded.warnings) process.stderr.write(`${printableLines(formatDiagnostic(warning))}\n`);
}

const MAX_CHARACTERS = 256 * 1024 * 1024;

async function fetchText(url: string): Promise<string> {
  const { default: got } = await import('got');
  const text = await got(url, { timeout: { request: 30_000 }, retry: { limit: 2 } }).text();
  if (text.length > MAX_CHARACTERS) throw new Error('the answer is too large');
  return text;
}
