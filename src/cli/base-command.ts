// What every command has: the global flags, the terminal it prints to, and one way to end in an error.
import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import { ignoreClosedPipes } from './closed-pipe.ts';
import { readVariable } from './connection.ts';
import { refuseForeignFlags } from './deck-flags.ts';
import { globalFlags } from './flags.ts';
import { printError } from './print-error.ts';
import { type FlagDefinitions, fillFlags, normaliseBooleans, readSettings } from './settings.ts';
import { createTheme, type Theme } from './theme.ts';

export abstract class BaseCommand extends Command {
  static override baseFlags = globalFlags;

  /** Set once flags are known; errors before that are printed plainly. */
  protected verbosity = 0;
  protected useColor = true;

  protected override async init(): Promise<void> {
    await super.init();
    ignoreClosedPipes();
    this.useColor = !this.argv.includes('--no-color');
  }

  /** Flags of commands that talk to a gateway also come from the environment and from config files. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options: Interfaces.Input<F, B, A>, argv: string[] = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    const definitions = { ...options.baseFlags, ...options.flags } as unknown as FlagDefinitions;
    if (definitions['kong-addr'] === undefined) return super.parse(options, argv);
    const normal = normaliseBooleans(argv, definitions);
    const parsed = await super.parse<F, B, A>(options, normal.argv);
    const given: Record<string, unknown> = parsed.flags;
    const isGiven = (name: string): boolean =>
      normal.off.has(name) || (given[name] !== undefined && parsed.metadata.flags[name]?.setFromDefault !== true);
    const settings = await readSettings(given['config'] as string | undefined, process.env);
    const flags = await fillFlags(given, isGiven, definitions, settings);
    refuseForeignFlags(flags, isGiven);
    return { ...parsed, flags: flags as typeof parsed.flags };
  }

  protected async theme(stream: NodeJS.WriteStream): Promise<Theme> {
    return createTheme(stream, this.useColor);
  }

  /** Keeps what concerns the terminal; call it with the flags of every command first. */
  protected remember(flags: { verbose?: number | undefined; 'no-color'?: boolean | undefined }): void {
    this.verbosity = flags.verbose ?? Number(readVariable(process.env, 'verbose') ?? 0);
    const inEnvironment = readVariable(process.env, 'no-color');
    this.useColor =
      flags['no-color'] !== true && (inEnvironment === undefined || /^(?:0|f|false|no|off|)$/i.test(inEnvironment));
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
