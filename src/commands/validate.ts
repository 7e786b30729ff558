// gwctl validate: are the state files right? Offline unless --online.
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { selectTagFlag, stateArgument, stateFlag } from '../cli/flags.ts';

export default class Validate extends BaseCommand {
  static override summary = 'Check state files';
  static override description =
    `Reads state files and checks everything that can be known without a gateway: syntax, field names and values, the
configuration of plugins, references, duplicates, environment variables. All problems are listed at once, each with its
place. Prints nothing off a terminal when all is well; exits 1 when something is wrong.

With --online the Admin API checks every entity as well, and lends the schemas of plugins that are not known here.`;
  static override aliases = ['gateway:validate', 'file:validate'];
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
    online: Flags.boolean({ description: 'let the Admin API check every entity too' }),
    parallelism: Flags.integer({
      default: 10,
      min: 1,
      helpValue: 'N',
      description: 'requests at a time, with --online',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Validate);
    this.remember(flags);
    const { chooseInputs, loadInputs, printWarnings } = await import('../cli/state-inputs.ts');
    const inputs = chooseInputs(args.file ?? [], flags.state);
    const { bundledSchemas, openSession } = await import('../cli/gateway-session.ts');
    const session = flags.online ? await openSession(flags, this.trace) : undefined;
    const remote = session === undefined ? undefined : await import('../control/remote/schemas.ts');
    const loaded = await loadInputs(inputs, {
      schemas: session?.schemas ?? (await bundledSchemas()),
      ids: 'deterministic',
      selectTags: flags['select-tag'],
      subschemas: session === undefined ? undefined : remote?.createSubschemaSource(session.client),
    });
    printWarnings(loaded);
    if (session === undefined) {
      const { describeUnexecuted, findUnexecuted } = await import('../cli/unexecuted-plugins.ts');
      for (const name of findUnexecuted(loaded.state)) process.stderr.write(`note: ${describeUnexecuted(name)}\n`);
    } else {
      const { checkOnline } = await import('../control/remote/check.ts');
      await checkOnline(session.client, loaded, flags.parallelism);
    }
    if (process.stdout.isTTY === true || this.verbosity > 0) {
      const { describeCounts } = await import('../cli/output/counts.ts');
      this.log(`valid: ${describeCounts(loaded.state)}`);
    }
  }
}
