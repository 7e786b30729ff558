// gwctl file remove-tags: tags taken from entities.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  chooseEntities,
  inputFlag,
  localFlags,
  openState,
  outputFlags,
  selectorFlag,
  writeState,
} from '../../cli/edit-file.ts';
import { GwctlError } from '../../lib/errors.ts';

export default class FileRemoveTags extends BaseCommand {
  static override summary = 'Remove tags from entities of a state file';
  static override description =
    `Removes the tags from every entity, or from those that the selectors find. With --keep-only the tags named are the ones
that stay, and without any every tag goes. A list that is empty then is removed, unless --keep-empty-array is given.`;
  static override examples = [
    '<%= config.bin %> file remove-tags -s gateway.yaml team-a',
    "<%= config.bin %> file remove-tags -s gateway.yaml --selector '$.services[*]' draft",
    '<%= config.bin %> file remove-tags -s gateway.yaml --keep-only team-a team-b',
  ];
  static override baseFlags = localFlags;
  static override args = { tag: Args.string({ multiple: true, ignoreStdin: true, description: 'tags to remove' }) };
  static override flags = {
    ...inputFlag,
    ...selectorFlag,
    'keep-empty-array': Flags.boolean({ description: 'leave lists that become empty' }),
    'keep-only': Flags.boolean({ description: 'remove all tags but those named' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileRemoveTags);
    this.remember({});
    const tags = args.tag ?? [];
    if (tags.length === 0 && !flags['keep-only']) {
      throw new GwctlError('E_USAGE', 'no tags to remove', { hint: 'Name tags, or pass --keep-only to remove all.' });
    }
    const tree = await openState(flags.state);
    const { removeTags } = await import('../../control/transform/tags.ts');
    const choice = flags['keep-only'] ? { keepOnly: tags } : { remove: tags };
    removeTags(await chooseEntities(tree, flags.selector), choice, flags['keep-empty-array'] ? 'keep' : 'drop');
    await writeState(tree, flags);
  }
}
