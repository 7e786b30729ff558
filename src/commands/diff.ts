// gwctl diff: what would sync do? Writes nothing.
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { planFlags, stateArgument } from '../cli/flags.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Show how a gateway differs from state files';
  static override description =
    `Prints what sync would do, in the order it would do it. Nothing is changed. Secrets are masked.
Exits 0, also when there are differences; with --non-zero-exit-code it then exits 2. Errors exit 1.`;
  static override aliases = ['gateway:diff'];
  static override examples = [
    '<%= config.bin %> diff gateway.yaml',
    '<%= config.bin %> diff gateway.yaml --non-zero-exit-code',
    '<%= config.bin %> diff -s common.yaml -s team-a/ --select-tag team-a',
    '<%= config.bin %> diff gateway.yaml --json-output',
  ];
  static override args = { file: stateArgument };
  static override flags = {
    ...planFlags,
    'non-zero-exit-code': Flags.boolean({ description: 'exit 2 when there are differences' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff);
    this.remember(flags);
    const { chooseInputs } = await import('../cli/state-inputs.ts');
    const { preparePlan } = await import('../cli/prepare-plan.ts');
    const { plan, schemas } = await preparePlan(chooseInputs(args.file ?? [], flags.state), flags, this.trace);

    const { operationsOf } = await import('../control/plan/plan.ts');
    const { createFingerprint } = await import('../schema/sensitive.ts');
    const fingerprint = createFingerprint();
    const operations = operationsOf(plan);
    if (flags['json-output']) {
      const { formatReport } = await import('../cli/output/json-report.ts');
      process.stdout.write(formatReport({ schemas, fingerprint, operations }));
    } else {
      const { formatOperation, formatSummary } = await import('../cli/output/events.ts');
      const theme = await this.theme(process.stdout);
      const lines = flags['silence-events']
        ? []
        : operations.map((item) => formatOperation({ schemas, theme, fingerprint }, item));
      process.stdout.write(`${[...lines, formatSummary(theme, plan.summary)].join('\n')}\n`);
    }
    if (flags['non-zero-exit-code'] && operations.length > 0) process.exitCode = 2;
  }
}
