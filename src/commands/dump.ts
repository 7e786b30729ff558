// gwctl dump: the gateway's configuration as a state file.
import { extname } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { selectTagFlag, skipFlags, skippedKinds } from '../cli/flags.ts';
import { GwctlError } from '../lib/errors.ts';

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
    '<%= config.bin %> dump --format json --with-id',
  ];
  static override flags = {
    'output-file': Flags.string({
      char: 'o',
      default: '-',
      helpValue: 'FILE',
      description: 'where to write it; - for standard output',
    }),
    format: Flags.string({ options: ['yaml', 'json'], description: 'default: by the name of the file, else yaml' }),
    'with-id': Flags.boolean({ description: 'write the id of every entity' }),
    ...selectTagFlag,
    ...skipFlags,
    parallelism: Flags.integer({ default: 10, min: 1, helpValue: 'N', description: 'requests at a time' }),
    yes: Flags.boolean({ description: 'overwrite an existing file without asking' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Dump);
    this.remember(flags);
    const format =
      flags.format === 'json' || (flags.format === undefined && extname(flags['output-file']) === '.json')
        ? 'json'
        : 'yaml';
    const path = withExtension(flags['output-file'], format);
    const { fileExists, writePrivateFile } = await import('../control/file/output-file.ts');
    if (path !== '-' && !flags.yes && (await fileExists(path))) await confirmOverwrite(path);

    const { openSession } = await import('../cli/gateway-session.ts');
    const session = await openSession(flags, this.trace);
    const { readState } = await import('../control/remote/read.ts');
    const selectTags = flags['select-tag'] ?? [];
    const options = { selectTags, skipKinds: skippedKinds(flags), parallelism: flags.parallelism };
    const { state, borrowed } = await readState(session.client, session.schemas, options);

    const { raise } = await import('../control/file/raise.ts');
    const { writeStateText } = await import('../control/file/write.ts');
    const { workspace } = session.connection;
    const content = raise(session.schemas, state, { withId: flags['with-id'], selectTags, workspace, borrowed });
    const text = await writeStateText(content, format);
    if (path === '-') process.stdout.write(text);
    else await writePrivateFile(path, text);
  }
}

const withExtension = (path: string, format: string): string =>
  path === '-' || path.startsWith('/dev/') || extname(path) !== '' ? path : `${path}.${format}`;

async function confirmOverwrite(path: string): Promise<void> {
  const { confirm } = await import('../cli/confirm.ts');
  if (await confirm(`File '${path}' already exists. Do you want to overwrite it? `)) return;
  throw new GwctlError('E_USAGE', `${path} exists and was left as it is`, { hint: 'Pass --yes to overwrite it.' });
}
