// Scripts that complete commands, flags, and the values of flags and arguments that have a few. All three shells get the
// same table.

export interface CompletedCommand {
  readonly words: readonly string[];
  readonly summary: string;
  /** Values of its first argument, where it has a few. */
  readonly values?: readonly string[];
  readonly flags: readonly { readonly name: string; readonly options?: readonly string[] }[];
}

type Shell = 'bash' | 'zsh' | 'fish';

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  // A command and its alias may say the same name.
  const named = new Map(commands.map((command) => [key(command), command]));
  const sorted = [...named.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  if (shell === 'fish') return fish(sorted);
  return shell === 'bash' ? bash(sorted) : zsh(sorted);
}

const key = ({ words }: CompletedCommand): string => words.join(' ');

/** What may stand first, and second after each first word. */
function firstWords(commands: readonly CompletedCommand[]): Map<string, string[]> {
  const words = new Map<string, string[]>();
  for (const {
    words: [first = '', second],
  } of commands) {
    const list = words.get(first) ?? [];
    if (second !== undefined) list.push(second);
    words.set(first, list);
  }
  return words;
}

const flagWords = ({ flags }: CompletedCommand): string => flags.map(({ name }) => `--${name}`).join(' ');

function bash(commands: readonly CompletedCommand[]): string {
  const words = firstWords(commands);
  const topics = [...words].filter(([, list]) => list.length > 0);
  const values = new Map<string, string>();
  for (const command of commands) {
    for (const { name, options } of command.flags) {
      if (options !== undefined) values.set(`${key(command)} --${name}`, options.join(' '));
    }
  }
  return `# Completion of gwctl for bash.
_gwctl() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words="" prefix=""
  # bash makes three words of --flag=value, zsh one.
  if [[ $word == = ]]; then word=""
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $word == --*=* ]]; then before=\${word%%=*} prefix="\${word%%=*}=" word=\${word#*=}
  fi
  case "$command" in
    ${topics.map(([topic]) => topic).join('|')}) [[ \${COMP_WORDS[2]} != -* && $COMP_CWORD -gt 2 ]] && command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command $before" in
${[...values].map(([name, list]) => `    '${name}') words="${list}" ;;`).join('\n')}
  esac
  if [[ -z $words && $COMP_CWORD -eq 1 ]]; then words="${[...words.keys()].join(' ')}"
  elif [[ -z $words && $COMP_CWORD -eq 2 && $word != -* ]]; then
    case "$command" in
${topics.map(([topic, list]) => `      ${topic}) words="${list.join(' ')}" ;;`).join('\n')}
    esac
  fi
  if [[ -z $words && $word != -* && $before != -* ]]; then
    case "$command" in
${commands
  .filter(({ values: list }) => list !== undefined)
  .map((command) => `      '${key(command)}') words="${command.values!.join(' ')}" ;;`)
  .join('\n')}
    esac
  fi
  if [[ -z $words && $word == -* ]]; then
    case "$command" in
${commands.map((command) => `      '${key(command)}') words="${flagWords(command)}" ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$word"))
}
complete -o default -F _gwctl gwctl
`;
}

/** zsh runs the functions of bash. */
const zsh = (commands: readonly CompletedCommand[]): string =>
  `#compdef gwctl\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;

function fish(commands: readonly CompletedCommand[]): string {
  const lines = ['# Completion of gwctl for fish.'];
  const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  const words = firstWords(commands);
  for (const first of words.keys()) {
    const summary = commands.find((command) => key(command) === first)?.summary ?? '';
    lines.push(`complete -c gwctl -n __fish_use_subcommand -f -a ${quote(first)} -d ${quote(summary)}`);
  }
  for (const command of commands) {
    const [first = '', second] = command.words;
    const isThere = `__fish_seen_subcommand_from ${first}`;
    const condition = second === undefined ? isThere : `${isThere}; and __fish_seen_subcommand_from ${second}`;
    if (second !== undefined) {
      lines.push(`complete -c gwctl -n ${quote(isThere)} -f -a ${quote(second)} -d ${quote(command.summary)}`);
    }
    if (command.values !== undefined) {
      lines.push(`complete -c gwctl -n ${quote(condition)} -f -a ${quote(command.values.join(' '))}`);
    }
    for (const { name, options } of command.flags) {
      const values = options === undefined ? '' : ` -x -a ${quote(options.join(' '))}`;
      lines.push(`complete -c gwctl -n ${quote(condition)} -l ${name}${values}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
