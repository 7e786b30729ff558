// gwctl schema openapi: the Admin API, for clients and their generators.
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';
import { outputFlag, writeOutput } from '../../cli/output-file.ts';

export default class SchemaOpenapi extends BaseCommand {
  static override summary = 'Print the OpenAPI document of the Admin API';
  static override description =
    `Describes every endpoint that serve offers: methods, parameters, bodies with the configuration of every bundled
plugin, and errors. The document is OpenAPI 3.1 in JSON.`;
  static override examples = [
    '<%= config.bin %> schema openapi --output-file admin-api.json',
    "<%= config.bin %> schema openapi | jq '.paths | keys'",
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override flags = { ...outputFlag };

  async run(): Promise<void> {
    const { flags } = await this.parse(SchemaOpenapi);
    this.remember({});
    const [{ describeAdminApi }, { bundledSchemas }] = await Promise.all([
      import('../../admin/openapi.ts'),
      import('../../cli/gateway-session.ts'),
    ]);
    const document = describeAdminApi(await bundledSchemas());
    await writeOutput(flags['output-file'], `${JSON.stringify(document, null, 2)}\n`);
  }
}
