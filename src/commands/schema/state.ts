// gwctl schema state: the grammar of state files, for editors.
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';
import { outputFlag, writeOutput } from '../../cli/output-file.ts';

export default class SchemaState extends BaseCommand {
  static override summary = 'Print the JSON Schema of state files';
  static override description =
    `With it an editor completes names and marks mistakes while you type. It knows every entity and the configuration of
every bundled plugin. In YAML, name it in the first line of a state file:

  # yaml-language-server: $schema=./state.schema.json

What needs all files at once - references, duplicates, variables of the environment - is checked by validate.`;
  static override examples = [
    '<%= config.bin %> schema state --output-file state.schema.json',
    '<%= config.bin %> schema state | jq .properties',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override flags = { ...outputFlag };

  async run(): Promise<void> {
    const { flags } = await this.parse(SchemaState);
    this.remember({});
    const [{ stateJsonSchema }, { bundledSchemas }] = await Promise.all([
      import('../../control/file/state-schema.ts'),
      import('../../cli/gateway-session.ts'),
    ]);
    const document = stateJsonSchema(await bundledSchemas());
    await writeOutput(flags['output-file'], `${JSON.stringify(document, null, 2)}\n`);
  }
}
