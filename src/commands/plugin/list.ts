// gwctl plugin list: the plugins that a gateway here would know.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class PluginList extends BaseCommand {
  static override summary = 'List the plugins that the gateway knows';
  static override description =
    `Shows each plugin with its priority (a higher one runs first), its version, and whether it is executed or only
validated and stored. KONG_PLUGINS and --plugins say which plugins there are: \`bundled\`, names of bundled ones, folders and
packages.`;
  static override examples = [
    '<%= config.bin %> plugin list',
    '<%= config.bin %> plugin list --plugins bundled,./my-plugin',
    '<%= config.bin %> plugin list --json',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override flags = {
    plugins: Flags.string({
      helpValue: 'LIST',
      description: 'which plugins there are, separated by commas [default: bundled]',
    }),
    json: Flags.boolean({ description: 'print JSON' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PluginList);
    this.remember({});
    const { knownPlugins, pluginRows, pluginTable } = await import('../../cli/plugin-list.ts');
    const rows = pluginRows(await knownPlugins(flags.plugins, process.env));
    process.stdout.write(flags.json ? `${JSON.stringify(rows, null, 2)}\n` : pluginTable(rows));
  }
}
