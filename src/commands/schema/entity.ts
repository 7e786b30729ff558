// gwctl schema entity: the fields of an entity, on the terminal.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class SchemaEntity extends BaseCommand {
  static override summary = 'Show the fields of an entity';
  static override description =
    'Prints every field with its type, its default and what it means, and the rules between fields.';
  static override examples = ['<%= config.bin %> schema entity services', '<%= config.bin %> schema entity targets'];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = {
    name: Args.string({ required: true, description: 'name of the section in state files, such as services' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(SchemaEntity);
    this.remember({});
    const [{ bundledSchemas }, { schemaText, unknownName }, { nearest }] = await Promise.all([
      import('../../cli/gateway-session.ts'),
      import('../../cli/output/schema-text.ts'),
      import('../../control/file/diagnostics.ts'),
    ]);
    const { entities } = await bundledSchemas();
    const schema = entities.get(args.name);
    if (schema === undefined)
      throw unknownName('entity', args.name, entities.keys(), nearest(args.name, entities.keys()));
    const { fields, shorthand_fields: shorthands, entity_checks: checks = [] } = schema;
    const text = schemaText(
      { title: `${schema.name}: ${schema.describes}`, fields, shorthands, checks },
      await this.theme(process.stdout),
    );
    process.stdout.write(text);
  }
}
