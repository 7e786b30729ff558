// gwctl completion: a script that completes commands and flags in a shell.
import * as Args from '@oclif/core/args';
import { BaseCommand } from '../cli/base-command.ts';
import { localFlags } from '../cli/edit-file.ts';

export default class Completion extends BaseCommand {
  static override summary = 'Print a script that completes commands and flags in a shell';
  static override description =
    `The script knows the commands and flags of this version; print it again after an update.

bash:  gwctl completion bash > /etc/bash_completion.d/gwctl
zsh:   gwctl completion zsh > "\${fpath[1]}/_gwctl"
fish:  gwctl completion fish > ~/.config/fish/completions/gwctl.fish`;
  static override examples = ['source <(<%= config.bin %> completion bash)'];
  static override baseFlags = localFlags;
  static override args = {
    shell: Args.string({ required: true, options: ['bash', 'zsh', 'fish'], description: 'for which shell' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    this.remember({});
    const { completionScript } = await import('../cli/completion.ts');
    const commands = this.config.commands
      .filter(({ hidden }) => hidden !== true)
      .flatMap(({ id, aliases, summary, flags, args: taken }) =>
        [id, ...aliases].map((name) => ({
          words: name.split(':'),
          summary: summary ?? '',
          ...valuesOf(Object.values(taken)[0]),
          flags: Object.values(flags)
            .filter((flag) => flag.hidden !== true)
            .map((flag) => ({ name: flag.name, ...('options' in flag ? { options: flag.options as string[] } : {}) })),
        })),
      );
    process.stdout.write(completionScript(args.shell as 'bash' | 'zsh' | 'fish', commands));
  }
}

const valuesOf = (argument: { readonly options?: readonly string[] } | undefined): { values?: readonly string[] } =>
  argument?.options === undefined ? {} : { values: argument.options };
