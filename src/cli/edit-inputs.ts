// Files beside the state file that some commands read: patches, plugins to add, rules. What is wrong in one ends the command
// with its place.
import { dirname, isAbsolute, join } from 'node:path';
import type { SourceText } from '../control/file/sources.ts';
import type { Extension, Rule, Ruleset } from '../control/lint/ruleset.ts';
import type { PluginAddition } from '../control/transform/add-plugins.ts';
import type { Patch } from '../control/transform/patch.ts';
import { GwctlError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { openState, refuse } from './edit-file.ts';

export async function readPatches(files: readonly string[]): Promise<Patch[]> {
  const { parsePatches } = await import('../control/transform/patch.ts');
  const patches: Patch[] = [];
  for (const file of files) {
    const { source, content } = await readContent(file);
    const parsed = parsePatches(source, content);
    if (!parsed.ok) return refuse(parsed.problems);
    patches.push(...parsed.patches);
  }
  return patches;
}

export async function readAdditions(files: readonly string[]): Promise<PluginAddition[]> {
  const { parseAdditions } = await import('../control/transform/add-plugins.ts');
  const additions: PluginAddition[] = [];
  for (const file of files) {
    const { source, content } = await readContent(file);
    const parsed = parseAdditions(source, content);
    if (!parsed.ok) return refuse(parsed.problems);
    additions.push(...parsed.additions);
  }
  return additions;
}

const MAX_RULESETS = 100;

export async function readRules(file: string): Promise<readonly Rule[]> {
  const { parseRuleset } = await import('../control/lint/ruleset.ts');
  const parsed = parseRuleset(await readRuleset(file, { above: [], count: { read: 0 } }));
  return parsed.ok ? parsed.rules : refuse(parsed.problems);
}

/** With what it extends; names of files are from the place of the one that names them. */
async function readRuleset(
  file: string,
  { above, count }: { readonly above: readonly string[]; readonly count: { read: number } },
): Promise<Ruleset> {
  const { readExtends } = await import('../control/lint/ruleset.ts');
  const { source, content } = await readContent(file);
  const { extensions, problems } = readExtends(source, content);
  if (problems.length > 0) return refuse(problems);
  const extended: { ruleset: Ruleset; mode: Extension['mode'] }[] = [];
  for (const { file: named, mode } of extensions) {
    const path = isAbsolute(named) ? named : join(dirname(file), named);
    const isCircle = path === file || above.includes(path);
    if (isCircle || ++count.read > MAX_RULESETS) {
      const message = isCircle ? `'${named}' extends this ruleset in turn` : `more than ${MAX_RULESETS} rulesets`;
      return refuse([{ source, path: ['extends'], message }]);
    }
    extended.push({ ruleset: await readRuleset(path, { above: [...above, file], count }), mode });
  }
  return { source, content, extended };
}

/** A plugin written on the command line. */
export async function readPlugin(text: string): Promise<JsonObject> {
  const [{ isPlugin }, { parseState }] = await Promise.all([
    import('../control/transform/add-plugins.ts'),
    import('../control/file/parse.ts'),
  ]);
  const parsed = await parseState(text);
  const plugin = parsed.ok ? parsed.value : undefined;
  if (plugin !== undefined && isPlugin(plugin)) return plugin;
  throw new GwctlError('E_USAGE', `--config is not a plugin: ${parsed.ok ? 'it has no name' : parsed.message}`, {
    hint: `It looks like --config '{"name": "key-auth", "config": {}}'.`,
  });
}

async function readContent(file: string): Promise<{ source: SourceText; content: JsonObject }> {
  const tree = await openState(file);
  const { jsonOf } = await import('../control/transform/tree.ts');
  return { source: tree.source, content: jsonOf(tree) };
}
