// gwctl file kong2tf: a state file as Terraform resources.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { inputFlag, localFlags, openModel } from '../../cli/edit-file.ts';
import { outputFlag, writePrivate } from '../../cli/output-file.ts';

export default class FileKong2tf extends BaseCommand {
  static override summary = 'Turn a state file into Terraform resources';
  static override description =
    `Writes one resource of the Konnect provider for each entity, with references between them. Variables of the environment
are filled in: the output holds what the file holds, secrets too.

With --generate-imports-for-control-plane-id, entities that have an id in the file also get an import block.`;
  static override examples = [
    '<%= config.bin %> file kong2tf -s gateway.yaml -o gateway.tf',
    '<%= config.bin %> dump --with-id | <%= config.bin %> file kong2tf -g 2d9f… --ignore-credential-changes',
  ];
  static override baseFlags = localFlags;
  static override flags = {
    ...inputFlag,
    'generate-imports-for-control-plane-id': Flags.string({
      char: 'g',
      helpValue: 'ID',
      description: 'control plane whose entities are imported',
    }),
    'ignore-credential-changes': Flags.boolean({
      description: 'leave secrets of credentials alone once they are made',
    }),
    ...outputFlag,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileKong2tf);
    this.remember({});
    const entities = await openModel(flags.state);
    const [{ writeTerraform }, { bundledSchemas }] = await Promise.all([
      import('../../control/transform/terraform/convert.ts'),
      import('../../cli/gateway-session.ts'),
    ]);
    const text = writeTerraform(await bundledSchemas(), entities, {
      importInto: flags['generate-imports-for-control-plane-id'],
      credentials: flags['ignore-credential-changes'] ? 'ignore-changes' : 'manage',
    });
    await writePrivate(flags['output-file'], text);
  }
}
