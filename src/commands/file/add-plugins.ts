// gwctl file add-plugins: plugins for what selectors find, or for the whole gateway.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  bundledGrammar,
  inputFlag,
  localFlags,
  openState,
  outputFlags,
  selectorFlag,
  writeState,
} from '../../cli/edit-file.ts';
import { readAdditions, readPlugin } from '../../cli/edit-inputs.ts';
import { GwctlError } from '../../lib/errors.ts';

export default class FileAddPlugins extends BaseCommand {
  static override summary = 'Add plugins to a state file';
  static override description =
    `Puts plugins into every entity that the selectors find; without a selector into the top of the file, where they are
global. The plugins come from --config, or from plugin files, in YAML or JSON:

  _format_version: "1.0"
  add-plugins: [{selectors: ["$.services[*]"], overwrite: false, plugins: [{name: key-auth}]}]

A plugin that is already there, by its name and what it is tied to, stays as it is; --overwrite replaces it.`;
  static override examples = [
    `<%= config.bin %> file add-plugins -s gateway.yaml --config '{"name":"prometheus"}'`,
    `<%= config.bin %> file add-plugins -s gateway.yaml --selector '$.services[*]' --config '{"name":"key-auth"}' --overwrite`,
    '<%= config.bin %> file add-plugins -s gateway.yaml -o all.yaml security.yaml',
  ];
  static override baseFlags = localFlags;
  static override args = { file: Args.string({ multiple: true, ignoreStdin: true, description: 'plugin files' }) };
  static override flags = {
    ...inputFlag,
    ...selectorFlag,
    config: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'JSON',
      description: 'plugin to add; may be repeated',
    }),
    overwrite: Flags.boolean({ description: 'replace plugins that are already there' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileAddPlugins);
    this.remember({});
    const { addPlugins } = await import('../../control/transform/add-plugins.ts');
    const plugins = [];
    for (const text of flags.config ?? []) plugins.push(await readPlugin(text));
    const additions = await readAdditions(args.file ?? []);
    if (plugins.length === 0 && additions.length === 0) throw new GwctlError('E_USAGE', 'there are no plugins to add');
    const tree = await openState(flags.state);
    const grammar = await bundledGrammar();
    const onExisting = flags.overwrite ? 'replace' : 'keep';
    addPlugins(grammar, tree, { selectors: flags.selector ?? ['$'], plugins, onExisting });
    for (const addition of additions) addPlugins(grammar, tree, addition);
    await writeState(tree, flags);
  }
}
