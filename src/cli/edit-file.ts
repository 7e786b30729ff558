// What the commands that rewrite state files share: where they read and write, and how they refuse. Nothing is written
// before everything went well, and a file is replaced whole or not at all.
import { extname } from 'node:path';
import * as Flags from '@oclif/core/flags';
import type { YAMLMap } from 'yaml';
import type { Diagnostic, Problem } from '../control/file/diagnostics.ts';
import type { Grammar } from '../control/file/grammar.ts';
import type { SourceText } from '../control/file/sources.ts';
import type { ModelEntity } from '../control/transform/model.ts';
import type { Templates } from '../control/transform/templates.ts';
import type { Tree } from '../control/transform/tree.ts';
import { GwctlError } from '../lib/errors.ts';
import { globalFlags } from './flags.ts';
import { outputFlag, writePrivate } from './output-file.ts';

/** Global flags that mean nothing without a gateway: pipelines pass them to every command alike. */
const withoutGateway = Object.fromEntries(
  Object.entries(globalFlags as Readonly<Record<string, object>>)
    .filter(([name]) => name !== 'kong-addr' && name !== 'config')
    .map(([name, flag]) => [name, { ...flag, hidden: true }]),
);

/** These commands talk to no gateway. */
export const localFlags = {
  ...withoutGateway,
  analytics: Flags.string({ hidden: true, description: 'taken and ignored: nothing is ever reported' }),
  'no-color': globalFlags['no-color'],
  verbose: globalFlags.verbose,
} as never;

export const inputFlag = {
  state: Flags.string({
    char: 's',
    default: '-',
    helpValue: 'FILE',
    description: 'state file to read; - for standard input',
  }),
};

export const outputFlags = {
  ...outputFlag,
  format: Flags.string({
    helpValue: 'yaml|json',
    description: 'default: by the name of the output file, else yaml [env: GWCTL_FORMAT or DECK_FORMAT]',
  }),
};

/** The value of a flag that takes one of some words, in whatever case. */
export function choose<const C extends string>(flag: string, value: string, choices: readonly C[]): C {
  const chosen = choices.find((choice) => choice === value.toLowerCase());
  if (chosen !== undefined) return chosen;
  throw new GwctlError('E_USAGE', `--${flag} cannot be '${value}'`, { hint: `It is one of ${choices.join(', ')}.` });
}

export const selectorFlag = {
  selector: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'JSONPATH',
    description: 'JSONPath of what is meant; may be repeated',
  }),
};

export async function readSource(input: string): Promise<SourceText> {
  const { readSources } = await import('../control/file/sources.ts');
  const { sources, problems } = await readSources([input], { stdin: process.stdin });
  if (problems.length > 0) await refuse(problems);
  if (sources.length !== 1) throw new GwctlError('E_USAGE', `${input} is a directory; name one file`);
  return sources[0]!;
}

/**
 * @param templates shared by files that end up in one.
 * @param env fills in templates; without it they stay.
 */
export async function openState(
  input: string,
  templates?: Templates,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<Tree> {
  const given = await readSource(input);
  const source = env === undefined ? given : await fillIn(given, env);
  const { openTree } = await import('../control/transform/tree.ts');
  const opened = await openTree(source, templates);
  if (!opened.ok) return refuse([opened.problem]);
  return opened.tree;
}

async function fillIn(source: SourceText, env: Readonly<Record<string, string | undefined>>): Promise<SourceText> {
  const { renderEnv } = await import('../control/file/env.ts');
  const { text, problems } = renderEnv(source.text, env);
  if (problems.length > 0) await refuse(problems.map((problem) => ({ source, ...problem })));
  return { name: source.name, text };
}

/** The entities of a complete file, with the values of environment variables. */
export async function openModel(input: string): Promise<readonly ModelEntity[]> {
  const tree = await openState(input, undefined, process.env);
  const { readModel } = await import('../control/transform/model.ts');
  const read = readModel(await bundledGrammar(), tree);
  return read.ok ? read.entities : refuse(read.problems);
}

/** What the selectors find; without selectors every entity. */
export async function chooseEntities(tree: Tree, selectors: readonly string[] | undefined): Promise<YAMLMap[]> {
  if (selectors !== undefined) {
    const [{ selectNodes }, { mappings }] = await Promise.all([
      import('../control/transform/select.ts'),
      import('../control/transform/tags.ts'),
    ]);
    return mappings(selectNodes(tree, selectors));
  }
  const { entitiesOf } = await import('../control/transform/walk.ts');
  return entitiesOf(await bundledGrammar(), tree).map(({ map }) => map);
}

export async function bundledGrammar(): Promise<Grammar> {
  const [{ createGrammar }, { bundledSchemas }] = await Promise.all([
    import('../control/file/grammar.ts'),
    import('./gateway-session.ts'),
  ]);
  return createGrammar(await bundledSchemas());
}

/** Ends the command with every problem at its place. */
export async function refuse(problems: readonly Problem[]): Promise<never> {
  const [{ createPlacer }, { bundledSchemas }] = await Promise.all([
    import('../control/file/place.ts'),
    import('./gateway-session.ts'),
  ]);
  return refuseDiagnostics(await createPlacer(await bundledSchemas(), new Map()).all(problems, 'error'));
}

export async function refuseDiagnostics(diagnostics: readonly Diagnostic[]): Promise<never> {
  const { formatDiagnostic } = await import('../control/file/diagnostics.ts');
  const count = diagnostics.length;
  throw new GwctlError('E_FILE_INVALID', `${count === 1 ? '1 problem' : `${count} problems`} in the input`, {
    details: `\n${diagnostics.map(formatDiagnostic).join('\n\n')}\n`,
    hint: 'Nothing was written. Fix the file and run the command again.',
  });
}

export interface OutputFlags {
  readonly 'output-file': string;
  readonly format?: string | undefined;
}

export function formatOf(flags: OutputFlags): 'yaml' | 'json' {
  const inEnvironment = process.env['GWCTL_FORMAT'] ?? process.env['DECK_FORMAT'] ?? '';
  const byName = extname(flags['output-file']) === '.json' ? 'json' : 'yaml';
  return choose('format', flags.format ?? (inEnvironment === '' ? byName : inEnvironment), ['yaml', 'json']);
}

export async function writeState(tree: Tree, flags: OutputFlags): Promise<void> {
  const { writeTree } = await import('../control/transform/tree.ts');
  await writePrivate(flags['output-file'], writeTree(tree, formatOf(flags)));
}
