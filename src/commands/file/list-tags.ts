// gwctl file list-tags: which tags a file uses.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { choose, chooseEntities, inputFlag, localFlags, openState, selectorFlag } from '../../cli/edit-file.ts';
import { outputFlag, writePrivate } from '../../cli/output-file.ts';

export default class FileListTags extends BaseCommand {
  static override summary = 'List the tags of a state file';
  static override description =
    'Prints every tag that some entity has, or one of those that the selectors find, once and in order.';
  static override examples = [
    '<%= config.bin %> file list-tags -s gateway.yaml',
    "<%= config.bin %> file list-tags -s gateway.yaml --selector '$.services[*]' --format json",
  ];
  static override baseFlags = localFlags;
  static override flags = {
    ...inputFlag,
    ...selectorFlag,
    ...outputFlag,
    format: Flags.string({ default: 'plain', helpValue: 'plain|json|yaml', description: 'plain is one tag a line' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileListTags);
    this.remember({});
    const format = choose('format', flags.format, ['plain', 'json', 'yaml']);
    const tree = await openState(flags.state);
    const [{ listTags }, { treeOf, writeTree }] = await Promise.all([
      import('../../control/transform/tags.ts'),
      import('../../control/transform/tree.ts'),
    ]);
    const tags = listTags(await chooseEntities(tree, flags.selector));
    const text =
      format === 'plain'
        ? tree.templates.putBack(tags.map((tag) => `${tag}\n`).join(''), 'yaml')
        : writeTree(treeOf(tree.source, { tags }, tree.templates), format === 'json' ? 'json' : 'yaml');
    await writePrivate(flags['output-file'], text);
  }
}
