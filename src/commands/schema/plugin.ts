// gwctl schema plugin: the configuration of a plugin, on the terminal.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class SchemaPlugin extends BaseCommand {
  static override summary = 'Show the configuration of a plugin';
  static override description =
    'Prints every field with its type, its default and what it means, and the rules between fields.';
  static override examples = ['<%= config.bin %> schema plugin rate-limiting'];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = { name: Args.string({ required: true, description: 'name of the plugin' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(SchemaPlugin);
    this.remember({});
    const [{ bundledSchemas }, { schemaText, unknownName }, { nearest }] = await Promise.all([
      import('../../cli/gateway-session.ts'),
      import('../../cli/output/schema-text.ts'),
      import('../../control/file/diagnostics.ts'),
    ]);
    const schemas = await bundledSchemas();
    const names = schemas.subschemaNames('plugins');
    const schema = schemas.subschema('plugins', args.name);
    if (schema === undefined) throw unknownName('plugin', args.name, names, nearest(args.name, names));
    const text = schemaText(
      { title: args.name, fields: schema.fields, checks: schema.entity_checks ?? [] },
      await this.theme(process.stdout),
    );
    process.stdout.write(text);
  }
}
