// gwctl plugin test: the tests of a plugin, with the gateway in them.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class PluginTest extends BaseCommand {
  static override summary = 'Check a plugin and run its tests';
  static override description =
    `Loads the plugin as a gateway would, then runs every *.test.ts and *.test.js of its folder with Node's own test runner.
In a test, startTestGateway of gwctl/plugin/testing starts a whole gateway with the plugin in it.`;
  static override examples = ['<%= config.bin %> plugin test ./my-plugin'];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = { folder: Args.string({ required: true, description: 'folder of the plugin' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginTest);
    this.remember({});
    const { testPlugin } = await import('../../cli/test-plugin.ts');
    process.exitCode = await testPlugin(args.folder, (line) => process.stdout.write(`${line}\n`));
  }
}
