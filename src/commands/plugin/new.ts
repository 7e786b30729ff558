// gwctl plugin new: a plugin to begin with.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class PluginNew extends BaseCommand {
  static override summary = 'Make a folder with a plugin to begin with';
  static override description =
    `Writes a small plugin that works: its definition, the schema of its configuration, its handler, a test and a page.
Nothing that is there already is overwritten.`;
  static override examples = [
    '<%= config.bin %> plugin new my-plugin',
    '<%= config.bin %> plugin new my-plugin --dir plugins/my-plugin',
    '<%= config.bin %> plugin test ./my-plugin',
    '<%= config.bin %> serve gateway.yaml --plugins bundled,./my-plugin',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = {
    name: Args.string({ required: true, description: 'name of the plugin: lower-case words joined by dashes' }),
  };
  static override flags = {
    dir: Flags.string({ helpValue: 'DIR', description: 'folder to write to [default: ./NAME]' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginNew);
    this.remember({});
    const { writePlugin } = await import('../../cli/new-plugin.ts');
    const files = writePlugin(args.name, flags.dir ?? args.name);
    process.stdout.write(`${files.map((file) => `wrote ${file}`).join('\n')}\n`);
  }
}
