// gwctl validate: are the state files right? Offline unless --online.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { refusedFlags } from '../cli/deck-flags.ts';
import { codeFlags, parallelismFlag, selectTagFlag, stateArgument, stateFlag } from '../cli/flags.ts';

export default class Validate extends BaseCommand {
  static override summary = 'Check state files';
  static override description =
    `Reads state files and checks everything that can be known without a gateway: syntax, field names and values, the
configuration of plugins, references, duplicates, environment variables. All problems are listed at once, each with its
place. Prints nothing off a terminal when all is well; exits 1 when something is wrong.

With --online, or as \`gateway validate\`, the Admin API checks every entity as well, and lends the schemas of plugins that
are not known here.`;
  static override aliases = ['file:validate'];
  static override examples = [
    '<%= config.bin %> validate gateway.yaml',
    '<%= config.bin %> validate common.yaml team-a/',
    'cat gateway.yaml | <%= config.bin %> validate -',
    '<%= config.bin %> validate gateway.yaml --online --kong-addr http://localhost:8001',
  ];
  static override args = { file: stateArgument };
  static override flags = {
    ...stateFlag,
    ...selectTagFlag,
    ...codeFlags,
    online: Flags.boolean({ description: 'let the Admin API check every entity too' }),
    'online-entities-list': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      helpValue: 'KIND',
      description: 'only these kinds are shown to the Admin API, such as Services,Plugins',
    }),
    'router-flavor': Flags.string({
      helpValue: 'FLAVOR',
      options: ['traditional_compatible', 'traditional', 'expressions'],
      description:
        'router of the gateway that the files are for [default: KONG_ROUTER_FLAVOR, else traditional_compatible]; with --online its own',
    }),
    ...parallelismFlag,
    ...refusedFlags('rbac-resources-only', 'konnect-compatibility'),
  };
  /** Whether a gateway is asked without --online. */
  protected readonly isOnline: boolean = false;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Validate);
    this.remember(flags);
    const { validateFiles } = await import('../cli/validate-files.ts');
    const isOnline = flags.online || this.isOnline;
    const loaded = await validateFiles(args.file ?? [], flags, isOnline ? 'online' : 'offline', this.trace);
    if (process.stdout.isTTY === true || this.verbosity > 0) {
      const { describeCounts } = await import('../cli/output/counts.ts');
      this.log(`valid: ${describeCounts(loaded.state)}`);
    }
  }
}
