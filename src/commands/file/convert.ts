// gwctl file convert: a file for an older gateway becomes one for a newer.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  bundledGrammar,
  formatOf,
  localFlags,
  openState,
  outputFlags,
  refuse,
  writeState,
} from '../../cli/edit-file.ts';
import { printable } from '../../cli/output/printable.ts';
import { confirmOverwrite, withExtension } from '../../cli/output-file.ts';
import { GwctlError } from '../../lib/errors.ts';

export default class FileConvert extends BaseCommand {
  static override summary = 'Convert a state file for a newer version of the gateway';
  static override description =
    `Changes what the newer version would understand otherwise, and keeps comments and order. What was changed is listed on
standard error, with its place also what was not, as it takes somebody who knows what was meant.

  kong-gateway-2.x → kong-gateway-3.x   regular expressions in paths begin with ~; _format_version is 3.0
  2.8 → 3.4                             the same, and fields of plugins that were renamed or removed
  3.4 → 3.10                            fields of plugins that were renamed
  3.10 → 3.14                           old defaults of fields are written down where the defaults changed

Variables of the environment are filled in, unless --no-expand-env-vars is given.`;
  static override aliases = ['convert'];
  static override examples = [
    '<%= config.bin %> file convert --from kong-gateway-2.x --to kong-gateway-3.x --input-file kong-2.yaml -o kong-3.yaml',
    'cat gateway.yaml | <%= config.bin %> file convert --from 3.10 --to 3.14 --no-expand-env-vars',
  ];
  static override baseFlags = localFlags;
  static override flags = {
    from: Flags.string({ required: true, helpValue: 'VERSION', description: 'what the file was written for' }),
    to: Flags.string({ required: true, helpValue: 'VERSION', description: 'what it is to become' }),
    'input-file': Flags.string({
      default: '-',
      helpValue: 'FILE',
      description: 'state file to read; - for standard input',
    }),
    'no-expand-env-vars': Flags.boolean({ description: 'leave variables of the environment as they are' }),
    yes: Flags.boolean({ description: 'overwrite an existing file without asking' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileConvert);
    this.remember({});
    const [{ CONVERSIONS }, { convertTree }, { reviewTree }] = await Promise.all([
      import('../../control/transform/convert/conversions.ts'),
      import('../../control/transform/convert/rewrite.ts'),
      import('../../control/transform/convert/review.ts'),
    ]);
    const [from, to] = [flags.from.toLowerCase(), flags.to.toLowerCase()];
    const conversion = CONVERSIONS.find((item) => item.from === from && item.to === to);
    if (conversion === undefined) {
      const known = CONVERSIONS.map((item) => `${item.from} to ${item.to}`).join(', ');
      throw new GwctlError('E_USAGE', `cannot convert from '${flags.from}' to '${flags.to}'`, {
        hint: `Known are: ${known}.`,
      });
    }
    const tree = await openState(flags['input-file'], undefined, flags['no-expand-env-vars'] ? undefined : process.env);
    const open = await reviewTree(tree, to);
    const converted = convertTree(await bundledGrammar(), tree, conversion);
    if (!converted.ok) return refuse(converted.problems);
    const path = withExtension(flags['output-file'], formatOf(flags));
    await confirmOverwrite(path, flags.yes ? 'yes' : 'ask');
    await writeState(tree, { ...flags, 'output-file': path });
    for (const change of converted.changes)
      process.stderr.write(`${printable(tree.templates.putBack(change, 'yaml'))}\n`);
    for (const { file, line, column, message } of open)
      process.stderr.write(`${file}:${line}:${column}: look at this: ${printable(message)}\n`);
  }
}
