// gwctl file merge: several files become one.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { localFlags, openState, outputFlags, refuse, writeState } from '../../cli/edit-file.ts';

export default class FileMerge extends BaseCommand {
  static override summary = 'Merge state files into one';
  static override description =
    `Reads the files in the order given. Lists at the top, such as services, are put one after the other; any other key of a
later file replaces that of an earlier one. Comments and templates stay. The files need not be complete, and their content
is not checked: duplicates stay duplicates.

Refused are files whose _format_version differs in its major number, or of which only some have _transform: false.`;
  static override examples = [
    '<%= config.bin %> file merge common.yaml team-a.yaml -o all.yaml',
    'cat team-a.yaml | <%= config.bin %> file merge common.yaml - --format json',
  ];
  static override baseFlags = localFlags;
  static override args = {
    file: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'state files, - for standard input',
    }),
  };
  static override flags = { ...outputFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileMerge);
    this.remember({});
    const [{ mergeTrees }, { createTemplates }] = await Promise.all([
      import('../../control/transform/merge.ts'),
      import('../../control/transform/templates.ts'),
    ]);
    const templates = createTemplates();
    const [first, ...others] = args.file;
    const trees = [await openState(first!, templates)] as const;
    const rest = [];
    for (const input of others) rest.push(await openState(input, templates));
    const merged = mergeTrees([...trees, ...rest]);
    if (!merged.ok) return refuse(merged.problems);
    await writeState(merged.tree, flags);
  }
}
