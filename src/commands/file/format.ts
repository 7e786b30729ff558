// gwctl file format: between decK's dialect and that of Kong's DB-less mode.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { bundledGrammar, localFlags, openState, outputFlags, refuse, writeState } from '../../cli/edit-file.ts';

export default class FileFormat extends BaseCommand {
  static override summary = "Turn a file of Kong's DB-less mode into a state file, or back";
  static override description = `Both dialects hold the same entities; they differ in where relations stand.

  decK      plugins in a consumer group, groups in a consumer, partials in a plugin; credentials, SNIs and targets inside
            what they belong to
  DB-less   consumer_group_plugins, consumer_group_consumers and plugins_partials at the top; credentials, SNIs and targets
            in either place`;
  static override examples = [
    '<%= config.bin %> file format deck kong.yml -o gateway.yaml',
    '<%= config.bin %> file format dbless gateway.yaml -o kong.yml',
  ];
  static override baseFlags = localFlags;
  static override args = {
    dialect: Args.string({
      required: true,
      options: ['deck', 'dbless'],
      ignoreStdin: true,
      description: 'what to make of the file',
    }),
    file: Args.string({ default: '-', ignoreStdin: true, description: 'state file, - for standard input' }),
  };
  static override flags = { ...outputFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileFormat);
    this.remember({});
    const tree = await openState(args.file);
    const { formatTree } = await import('../../control/transform/format.ts');
    const problems = formatTree(await bundledGrammar(), tree, args.dialect === 'deck' ? 'deck' : 'dbless');
    if (problems.length > 0) return refuse(problems);
    await writeState(tree, flags);
  }
}
