// gwctl file add-tags: tags for entities.
import * as Args from '@oclif/core/args';
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

export default class FileAddTags extends BaseCommand {
  static override summary = 'Add tags to entities of a state file';
  static override description =
    'Gives the tags to every entity, or to those that the selectors find. A tag that an entity already has is not repeated.';
  static override examples = [
    '<%= config.bin %> file add-tags -s gateway.yaml -o gateway.yaml team-a',
    "cat gateway.yaml | <%= config.bin %> file add-tags --selector '$.services[*]' team-a reviewed",
  ];
  static override baseFlags = localFlags;
  static override args = {
    tag: Args.string({ multiple: true, required: true, ignoreStdin: true, description: 'tags to add' }),
  };
  static override flags = { ...inputFlag, ...selectorFlag, ...outputFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileAddTags);
    this.remember({});
    const tree = await openState(flags.state);
    const { addTags } = await import('../../control/transform/tags.ts');
    addTags(tree, await chooseEntities(tree, flags.selector), args.tag);
    await writeState(tree, flags);
  }
}
