// gwctl sync: make the gateway equal to the state files.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { planFlags, selectTagFlag, stateArgument, writeFlags } from '../cli/flags.ts';

export default class Sync extends BaseCommand {
  static override summary = 'Make a gateway equal to state files';
  static override description =
    `Creates, updates and deletes entities through the Admin API until the gateway has what the files say, and nothing else;
with --select-tag, or _info.select_tags in a file, only entities with these tags are owned and others are left alone.

When a request fails, or on Ctrl-C, requests under way are finished, no new ones are started, and what was done and what
was not is listed; the exit code is 1. Running the command again goes on from there. A journal keeps what was changed.

Files without any entity would delete everything: they are refused unless --allow-empty is given.`;
  static override aliases = ['gateway:sync'];
  static override examples = [
    '<%= config.bin %> sync gateway.yaml',
    '<%= config.bin %> sync common.yaml team-a/ --select-tag team-a',
    '<%= config.bin %> sync gateway.yaml --silence-events --parallelism 32',
  ];
  static override args = { file: stateArgument };
  static override flags = {
    ...planFlags,
    ...selectTagFlag,
    ...writeFlags,
    'allow-empty': Flags.boolean({
      description: 'accept files without any entity, which delete everything on the gateway',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Sync);
    this.remember(flags);
    const { chooseReport } = await import('../cli/report-options.ts');
    const options = chooseReport(flags, await this.theme(process.stdout));
    const { chooseInputs } = await import('../cli/state-inputs.ts');
    const { preparePlan } = await import('../cli/prepare-plan.ts');
    const prepared = await preparePlan(chooseInputs(args.file ?? [], flags.state), flags, 'sync', this.trace);
    const { refuseEmpty, runSync } = await import('../cli/run-sync.ts');
    if (!flags['allow-empty']) refuseEmpty(prepared);
    await runSync(prepared, flags, options, this.trace);
  }
}
