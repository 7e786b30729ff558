// gwctl dump: the gateway's configuration as a state file.
import { extname } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { refusedFlags } from '../cli/deck-flags.ts';
import { parallelismFlag, selectTagFlag, skipFlags } from '../cli/flags.ts';
import { confirmOverwrite, withExtension } from '../cli/output-file.ts';

export default class Dump extends BaseCommand {
  static override summary = 'Write the configuration of a gateway as a state file';
  static override description =
    `Reads everything from the Admin API and writes it as a state file that diff and sync understand. The file is readable
by its owner only: credentials and keys come out in clear.`;
  static override aliases = ['gateway:dump'];
  static override examples = [
    '<%= config.bin %> dump',
    '<%= config.bin %> dump -o gateway.yaml',
    '<%= config.bin %> dump -o team-a.yaml --select-tag team-a --yes',
    '<%= config.bin %> dump -o states --split-by kind',
    '<%= config.bin %> dump --format json --with-id',
  ];
  static override flags = {
    'output-file': Flags.string({
      char: 'o',
      default: '-',
      helpValue: 'FILE',
      description: 'where to write it; - for standard output; a folder with --split-by',
    }),
    format: Flags.string({ options: ['yaml', 'json'], description: 'default: by the name of the file, else yaml' }),
    'with-id': Flags.boolean({ description: 'write the id of every entity' }),
    'skip-defaults': Flags.boolean({ description: 'leave out what the gateway fills in by itself' }),
    sanitize: Flags.boolean({ description: 'write hashes for secrets, to show the file to others' }),
    'sanitization-salt': Flags.string({ hidden: true, description: 'makes the hashes the same in every run' }),
    'split-by': Flags.string({ options: ['kind', 'tag'], description: 'one file for each kind, or each first tag' }),
    'all-workspaces': Flags.boolean({
      description: 'one file for each workspace, named after it',
      exclusive: ['workspace', 'output-file'],
    }),
    ...selectTagFlag,
    ...skipFlags,
    ...parallelismFlag,
    yes: Flags.boolean({ description: 'overwrite an existing file without asking' }),
    ...refusedFlags('rbac-resources-only', 'consumer-group-policy-overrides', 'include-plugin-definitions'),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Dump);
    this.remember(flags);
    const output = flags['output-file'];
    const isJson = flags.format === 'json' || (flags.format === undefined && extname(output) === '.json');
    const format = isJson ? 'json' : 'yaml';
    const answer = flags.yes ? 'yes' : 'ask';
    const { readDump, writeDump, writeSplit } = await import('../cli/dump.ts');
    if (flags['all-workspaces']) {
      const { listWorkspaces } = await import('../cli/workspace.ts');
      for (const workspace of await listWorkspaces(flags, this.trace)) {
        const content = await readDump({ ...flags, workspace }, this.trace);
        await writeDump(`${workspace ?? 'default'}.${format}`, content, format, answer);
      }
      return;
    }
    if (flags['split-by'] !== undefined) {
      const by = flags['split-by'];
      await writeSplit(output === '-' ? '.' : output, await readDump(flags, this.trace), { by, format, answer });
      return;
    }
    const path = withExtension(output, format);
    // Asked before the gateway is.
    await confirmOverwrite(path, answer);
    await writeDump(path, await readDump(flags, this.trace), format, 'yes');
  }
}
