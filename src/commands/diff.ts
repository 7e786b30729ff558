// gwctl diff: what would sync do? Writes nothing.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { planFlags, selectTagFlag, stateArgument } from '../cli/flags.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Show how a gateway differs from state files';
  static override description =
    `Prints what sync would do, in the order it would do it. Nothing is changed. Secrets are masked, and so are values that the
files took from the environment.

Exits 0, also when there are differences; with --non-zero-exit-code it then exits 2. Errors exit 1.`;
  static override aliases = ['gateway:diff'];
  static override examples = [
    '<%= config.bin %> diff gateway.yaml',
    '<%= config.bin %> diff gateway.yaml --non-zero-exit-code',
    '<%= config.bin %> diff -s common.yaml -s team-a/ --select-tag team-a',
    '<%= config.bin %> diff gateway.yaml --format markdown > comment.md',
    '<%= config.bin %> diff gateway.yaml --json-output',
  ];
  static override args = { file: stateArgument };
  static override flags = {
    ...planFlags,
    ...selectTagFlag,
    'non-zero-exit-code': Flags.boolean({ description: 'exit 2 when there are differences' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff);
    this.remember(flags);
    const { chooseReport } = await import('../cli/report-options.ts');
    const options = chooseReport(flags, await this.theme(process.stdout));
    const { chooseInputs } = await import('../cli/state-inputs.ts');
    const { preparePlan } = await import('../cli/prepare-plan.ts');
    const prepared = await preparePlan(chooseInputs(args.file ?? [], flags.state), flags, 'sync', this.trace);
    const { printPlan } = await import('../cli/print-plan.ts');
    await printPlan(prepared, options);
    const { isEmptyPlan } = await import('../control/plan/plan.ts');
    if (flags['non-zero-exit-code'] && !isEmptyPlan(prepared.plan)) process.exitCode = 2;
  }
}
