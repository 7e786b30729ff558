// How a command ends that failed: one sentence, details, a hint, on standard error. A stack only when asked for, or when
// the error is a defect of this program.
import { GwctlError } from '../lib/errors.ts';
import { printableLines } from './output/printable.ts';
import { createTheme } from './theme.ts';

export interface ErrorPrinting {
  readonly useColor: boolean;
  readonly verbosity: number;
}

/** @returns the exit code. */
export async function printError(error: Error, options: ErrorPrinting): Promise<number> {
  const exit = (error as { oclif?: { exit?: number } }).oclif?.exit;
  if ((error as { code?: string }).code === 'EEXIT') return exit ?? 0;
  const known = error instanceof GwctlError ? error : fromParser(error);
  const theme = await createTheme(process.stderr, options.useColor);
  const lines = [`${theme.error('Error:')} ${printableLines(known.message)}`];
  if (known.details !== '') lines.push(printableLines(known.details));
  if (known.hint !== '') lines.push(theme.faint(printableLines(`Hint: ${known.hint}`)));
  if (options.verbosity >= 2) lines.push(printableLines(error.stack ?? ''));
  process.stderr.write(`${lines.join('\n')}\n`);
  return 1;
}

/** The parser adds it whenever an argument is missing, wherever the flags that it names were. */
const ADVICE = /\n+Note: --[\s\S]* multiple values\.[\s\S]*$/;

/** Flags and arguments that the parser refuses are mistakes of use; anything else unknown is one of ours. */
function fromParser(error: Error): GwctlError {
  // What a flag's own parser throws is wrapped in a text and carries no mark.
  const parsed = /^Parsing --\S+ \n\t([\s\S]*?)(?:\nSee more help with --help)?$/.exec(error.message);
  const isUsage = parsed !== null || (error as { oclif?: unknown }).oclif !== undefined;
  const message =
    parsed?.[1] ??
    (isUsage ? error.message.replace(/\nSee more help with --help$/, '').replace(ADVICE, '') : error.message);
  return new GwctlError(isUsage ? 'E_USAGE' : 'E_INTERNAL', message, { cause: error });
}
