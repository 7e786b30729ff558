// gwctl version: what `--version` says, as a command of its own.
import { BaseCommand } from '../cli/base-command.ts';
import { VERSION } from '../lib/version.ts';

export default class Version extends BaseCommand {
  static override summary = 'Print the version of this program';
  static override description = 'Prints the version and nothing else. `--version` adds the platform and the runtime.';
  static override examples = ['<%= config.bin %> version'];

  async run(): Promise<void> {
    await this.parse(Version);
    this.log(`gwctl ${VERSION}`);
  }
}
