// What every command has: the global flags, the terminal it prints to, and one way to end in an error.
import { Command } from '@oclif/core';
import { readVariable } from './connection.ts';
import { globalFlags } from './flags.ts';
import { printError } from './print-error.ts';
import { createTheme, type Theme } from './theme.ts';

export abstract class BaseCommand extends Command {
  static override baseFlags = globalFlags;

  /** Set once flags are known; errors before that are printed plainly. */
  protected verbosity = 0;
  protected useColor = true;

  protected override async init(): Promise<void> {
    await super.init();
    // Whoever read our output may stop reading; a running sync must not die of it.
    process.stdout.on('error', ignoreClosedPipe);
    process.stderr.on('error', ignoreClosedPipe);
    this.useColor = !this.argv.includes('--no-color');
  }

  protected async theme(stream: NodeJS.WriteStream): Promise<Theme> {
    return createTheme(stream, this.useColor);
  }

  /** Keeps what concerns the terminal; call it with the flags of every command first. */
  protected remember(flags: { verbose?: number | undefined; 'no-color'?: boolean | undefined }): void {
    this.verbosity = flags.verbose ?? Number(readVariable(process.env, 'verbose') ?? 0);
    const inEnvironment = readVariable(process.env, 'no-color');
    this.useColor = flags['no-color'] !== true && (inEnvironment === undefined || inEnvironment === 'false');
  }

  /** A line for each request, when asked for. */
  protected get trace(): ((line: string) => void) | undefined {
    return this.verbosity >= 1 ? (line) => process.stderr.write(`${line}\n`) : undefined;
  }

  protected override async catch(error: Error): Promise<void> {
    const code = await printError(error, { useColor: this.useColor, verbosity: this.verbosity });
    process.exitCode = code;
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
