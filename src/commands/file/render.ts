// gwctl file render: what state files mean, written out.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { formatOf, localFlags, outputFlags, refuse, refuseDiagnostics } from '../../cli/edit-file.ts';
import { stateArgument, stateFlag } from '../../cli/flags.ts';
import { printableLines } from '../../cli/output/printable.ts';
import { withExtension, writePrivate } from '../../cli/output-file.ts';

export default class FileRender extends BaseCommand {
  static override summary = 'Write out what state files mean';
  static override description =
    `Reads complete files as diff and sync do, and writes one: references resolved, shared configuration and defaults filled
in, keys in order. Ids appear where a file gives them.

Variables of the environment stand for their own names, numbers for 42 and booleans for false, so that the output holds no
secret. With --populate-env-vars their values are filled in.`;
  static override examples = [
    '<%= config.bin %> file render common.yaml team-a.yaml -o all.yaml',
    'DECK_HOST=orders.internal <%= config.bin %> file render gateway.yaml --populate-env-vars --format json',
  ];
  static override baseFlags = localFlags;
  static override args = { file: stateArgument };
  static override flags = {
    ...stateFlag,
    'populate-env-vars': Flags.boolean({ description: 'fill in the values of environment variables' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileRender);
    this.remember({});
    const [{ readSources }, { renderSources }, { writeStateText }, { bundledSchemas }, { chooseInputs }] =
      await Promise.all([
        import('../../control/file/sources.ts'),
        import('../../control/transform/render.ts'),
        import('../../control/file/write.ts'),
        import('../../cli/gateway-session.ts'),
        import('../../cli/state-inputs.ts'),
      ]);
    const inputs = chooseInputs(args.file ?? [], flags.state);
    const { sources, problems } = await readSources(inputs, { stdin: process.stdin });
    if (problems.length > 0) await refuse(problems);
    const env = flags['populate-env-vars']
      ? ({ kind: 'real', variables: process.env } as const)
      : ({ kind: 'names' } as const);
    const rendered = await renderSources(await bundledSchemas(), sources, env);
    if (!rendered.ok) return refuseDiagnostics(rendered.diagnostics);
    const { formatDiagnostic } = await import('../../control/file/diagnostics.ts');
    for (const warning of rendered.warnings) process.stderr.write(`${printableLines(formatDiagnostic(warning))}\n`);
    const format = formatOf(flags);
    const path = withExtension(flags['output-file'], format);
    await writePrivate(path, await writeStateText(rendered.content, format));
  }
}
