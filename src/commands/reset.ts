// gwctl reset: delete what a gateway has, all of it or what has the tags.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { refusedFlags } from '../cli/deck-flags.ts';
import { parallelismFlag, reportFlags, selectTagFlag, skipFlags, writeFlags } from '../cli/flags.ts';

export default class Reset extends BaseCommand {
  static override summary = 'Delete the configuration of a gateway';
  static override description =
    `Deletes every entity of the gateway; with --select-tag only those with all of the tags. Asks first; where nobody can answer,
--force is needed.`;
  static override aliases = ['gateway:reset'];
  static override examples = [
    '<%= config.bin %> reset',
    '<%= config.bin %> reset --select-tag team-a --force',
    '<%= config.bin %> reset --skip-consumers --force',
  ];
  static override flags = {
    force: Flags.boolean({ char: 'f', description: 'do not ask' }),
    ...selectTagFlag,
    ...skipFlags,
    ...parallelismFlag,
    ...reportFlags,
    ...writeFlags,
    'all-workspaces': Flags.boolean({ description: 'in every workspace of the gateway', exclusive: ['workspace'] }),
    ...refusedFlags('rbac-resources-only'),
    'skip-plugin-definitions': Flags.boolean({
      hidden: true,
      description: 'taken and ignored: they are never touched',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Reset);
    this.remember(flags);
    const { chooseReport } = await import('../cli/report-options.ts');
    const options = chooseReport(flags, await this.theme(process.stdout));
    if (!flags.force) {
      const { refuseOrConfirm } = await import('../cli/confirm.ts');
      await refuseOrConfirm("This will delete all configuration from Kong's database.", '--force');
    }
    const { listWorkspaces } = await import('../cli/workspace.ts');
    const workspaces = flags['all-workspaces'] ? await listWorkspaces(flags, this.trace) : [flags.workspace];
    const { prepareReset } = await import('../cli/prepare-plan.ts');
    const { runSync } = await import('../cli/run-sync.ts');
    for (const workspace of workspaces) {
      const prepared = await prepareReset({ ...flags, workspace }, this.trace);
      await runSync(prepared, flags, options, this.trace);
    }
  }
}
