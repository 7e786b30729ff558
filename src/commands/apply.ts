// gwctl apply: add and change what state files say, delete nothing.
import { BaseCommand } from '../cli/base-command.ts';
import { planFlags, stateArgument, writeFlags } from '../cli/flags.ts';

export default class Apply extends BaseCommand {
  static override summary = 'Add and change entities of a gateway, delete nothing';
  static override description =
    `Creates and updates what the files say and leaves everything else on the gateway as it is. The files may refer to entities
that only the gateway has. An entity that is in a file is written as a whole: fields it leaves out go back to their default.

With _info.select_tags the entities of the files get the tags.`;
  static override aliases = ['gateway:apply'];
  static override examples = [
    '<%= config.bin %> apply new-route.yaml',
    '<%= config.bin %> apply new-route.yaml --format json',
  ];
  static override args = { file: stateArgument };
  static override flags = { ...planFlags, ...writeFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Apply);
    this.remember(flags);
    const { chooseReport } = await import('../cli/report-options.ts');
    const options = chooseReport(flags, await this.theme(process.stdout));
    const { chooseInputs } = await import('../cli/state-inputs.ts');
    const { preparePlan } = await import('../cli/prepare-plan.ts');
    const prepared = await preparePlan(chooseInputs(args.file ?? [], flags.state), flags, 'apply', this.trace);
    const { runSync } = await import('../cli/run-sync.ts');
    await runSync(prepared, flags, options, this.trace);
  }
}
