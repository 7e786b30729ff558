// The page of the command line: every command as it explains itself, flags that all share once.
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from '@oclif/core';
import { globalFlags } from '../../src/cli/flags.ts';

const FOLDER = fileURLToPath(new URL('../../src/commands/', import.meta.url));

interface Flag {
  readonly char?: string;
  readonly description?: string;
  readonly helpValue?: string;
  readonly type: 'boolean' | 'option';
  readonly default?: unknown;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly required?: boolean;
  readonly hidden?: boolean;
}
interface Argument {
  readonly description?: string;
  readonly multiple?: boolean;
  readonly required?: boolean;
}

export async function commandPage(): Promise<string> {
  const files = globSync('**/*.ts', { cwd: FOLDER }).sort();
  const sections: string[] = [];
  for (const file of files) {
    const { default: command } = (await import(FOLDER + file)) as { default: typeof Command };
    if (command.hidden !== true) sections.push(section(file.replace(/\.ts$/, '').replaceAll('/', ' '), command));
  }
  return [
    '# The command line',
    'Every command explains itself with `--help`. Exit codes: 0 when all went well, 1 for errors, 2 for differences where a command was asked to tell them.',
    ...sections,
    '## Flags of every command that talks to a gateway',
    flagTable(globalFlags as unknown as Readonly<Record<string, Flag>>),
  ].join('\n\n');
}

function section(name: string, command: typeof Command): string {
  const args = Object.entries((command.args ?? {}) as Readonly<Record<string, Argument>>);
  const flags = Object.entries((command.flags ?? {}) as unknown as Readonly<Record<string, Flag>>).filter(
    ([flag, { hidden }]) => hidden !== true && !Object.hasOwn(globalFlags, flag),
  );
  const usage = args.map(([arg, { multiple, required }]) => {
    const word = `${arg.toUpperCase()}${multiple === true ? '...' : ''}`;
    return required === true ? word : `[${word}]`;
  });
  const parts = [
    `## gwctl ${name}`,
    `${command.summary ?? ''}.`,
    fence('', `gwctl ${[name, ...usage, flags.length > 0 ? '[FLAGS]' : ''].filter((word) => word !== '').join(' ')}`),
    fence('text', command.description ?? ''),
  ];
  if (args.length > 0)
    parts.push(args.map(([arg, { description }]) => `- \`${arg.toUpperCase()}\`: ${description}`).join('\n'));
  if (flags.length > 0) parts.push(flagTable(Object.fromEntries(flags)));
  const examples = (command.examples ?? []).filter((example) => typeof example === 'string');
  if (examples.length > 0) {
    parts.push(
      'Examples:',
      fence('sh', examples.map((line) => line.replaceAll('<%= config.bin %>', 'gwctl')).join('\n')),
    );
  }
  if (command.aliases.length > 0) {
    parts.push(`Also as ${command.aliases.map((alias) => `\`gwctl ${alias.replaceAll(':', ' ')}\``).join(', ')}.`);
  }
  return parts.join('\n\n');
}

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

function flagTable(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const short = flag.char === undefined ? '' : `\`-${flag.char}\`, `;
    const value = flag.type === 'boolean' ? '' : ` ${flag.helpValue ?? flag.options?.join('|') ?? 'VALUE'}`;
    const notes = [
      flag.description ?? '',
      flag.default === undefined || typeof flag.default === 'function' ? '' : `default: \`${String(flag.default)}\``,
      flag.multiple === true && flag.description?.includes('repeated') !== true ? 'may be repeated' : '',
    ];
    const text = notes.filter((note) => note !== '').join('; ');
    return `| ${short}\`--${name}${value.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`;
  });
  return ['| flag | meaning |', '|---|---|', ...rows].join('\n');
}
