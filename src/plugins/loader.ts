// Which plugins a gateway knows: the bundled ones, and a user's own from folders or packages. A user's plugin is the same
// thing as a bundled one; one that has the name of a bundled plugin takes its place.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GwctlError } from '../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { PluginDefinition } from '../pdk/index.ts';
import { faultPlace } from './fault-place.ts';
import { bundledPlugins } from './index.ts';

const ENTRY_FILES = ['index.ts', 'index.js', 'index.mjs'];
const HINT = 'Name `bundled`, a bundled plugin, a folder such as ./my-plugin, or an installed package.';

/**
 * @param entries `bundled`, `off`, names of bundled plugins, folders and files (`./x`, `../x`, `/x`), names of packages
 * @param directory where paths and packages are looked for
 */
export async function loadPluginDefinitions(
  entries: readonly string[],
  directory: string,
): Promise<readonly PluginDefinition[]> {
  const found: PluginDefinition[] = [];
  for (const entry of entries) found.push(...(await definitionsOf(entry, directory)));
  return oneOfEachName(found);
}

/** The last one of a name counts. */
export function oneOfEachName(definitions: readonly PluginDefinition[]): readonly PluginDefinition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function definitionsOf(entry: string, directory: string): Promise<readonly PluginDefinition[]> {
  const found = findPlugins(entry, directory);
  return typeof found === 'string' ? [await importDefinition(pathToFileURL(found).href, entry)] : found;
}

/** Or are there some whose code the user may change? */
export const areAllBundled = (entries: readonly string[]): boolean =>
  entries.every((entry) => ['bundled', 'off'].includes(entry) || bundledPlugins.some(({ name }) => name === entry));

/** Bundled plugins, or the file that a plugin of the user begins with. */
export function findPlugins(entry: string, directory: string): readonly PluginDefinition[] | string {
  if (entry === 'bundled') return bundledPlugins;
  if (entry === 'off') return [];
  const bundled = bundledPlugins.find(({ name }) => name === entry);
  if (bundled !== undefined) return [bundled];
  return /^(?:\.{1,2}\/|\/|\.{1,2}$)/.test(entry)
    ? entryFile(resolve(directory, entry), entry)
    : packageFile(entry, directory);
}

function entryFile(path: string, entry: string): string {
  if (!existsSync(path)) throw new GwctlError('E_CONFIG', `plugins: there is no ${entry}`, { hint: HINT });
  if (!statSync(path).isDirectory()) return path;
  const found = ENTRY_FILES.map((name) => join(path, name)).find(existsSync);
  if (found === undefined) {
    throw new GwctlError('E_CONFIG', `plugins: ${entry} has no ${ENTRY_FILES.join(', no ')}`, { hint: HINT });
  }
  return found;
}

function packageFile(entry: string, directory: string): string {
  const from = join(directory, 'any.js');
  try {
    return createRequire(from).resolve(entry);
  } catch (cause) {
    const manifest = findManifest(entry, from);
    const target = manifest === undefined ? undefined : importTarget(manifest.content['exports']);
    if (target !== undefined) return join(dirname(manifest!.path), target);
    throw new GwctlError(
      'E_CONFIG',
      `plugins: '${entry}' is no bundled plugin, and no package of that name is installed`,
      {
        hint: HINT,
        cause,
      },
    );
  }
}

/** Of an installed package. */
function findManifest(name: string, from: string): { readonly path: string; readonly content: JsonObject } | undefined {
  try {
    const path = findPackageJSON(name, from);
    return path === undefined ? undefined : { path, content: JSON.parse(readFileSync(path, 'utf8')) as JsonObject };
  } catch {
    // There is none, or none that can be read.
    return undefined;
  }
}

/** What a package that is made for `import` only exports as a whole. */
function importTarget(exports: Json | undefined): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isObject(exports ?? null)) return undefined;
  for (const [condition, target] of Object.entries(exports as JsonObject)) {
    const found = ['.', 'node', 'import', 'default'].includes(condition) ? importTarget(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

export async function importDefinition(url: string, entry: string): Promise<PluginDefinition> {
  let module: Record<string, unknown>;
  try {
    module = (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw cannotBeLoaded(entry, cause);
  }
  const found = [module['default'], ...Object.values(module)].find(isObject);
  if (found === undefined) {
    throw new GwctlError('E_CONFIG', `plugins: ${entry} exports no plugin`, {
      hint: 'Export what definePlugin of gwctl/plugin returns.',
    });
  }
  const problem = findProblem(found);
  if (problem !== undefined) throw new GwctlError('E_CONFIG', `plugins: ${entry}: ${problem}`);
  return found as unknown as PluginDefinition;
}

export function cannotBeLoaded(entry: string, cause: unknown): GwctlError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = faultPlace(cause);
  const where = place === undefined ? '' : `${place}: `;
  return new GwctlError('E_CONFIG', `plugins: ${entry} cannot be loaded: ${where}${reason}`, { cause });
}

/** What the type checker would say, for those who do not ask it. */
function findProblem(definition: Readonly<Record<string, unknown>>): string | undefined {
  const { name, priority, version, schema, handler } = definition;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name))
    return 'name: expected lower-case words joined by dashes';
  if (typeof priority !== 'number' || !Number.isFinite(priority)) return 'priority: expected a number';
  if (typeof version !== 'string') return 'version: expected a string';
  const fields = isObject(schema) && isObject(schema['fields']) ? schema['fields'] : undefined;
  const config = fields?.['config'];
  if (!isObject(config) || config['type'] !== 'record') return 'schema.fields.config: expected a record';
  return handler === undefined || typeof handler === 'function'
    ? undefined
    : 'handler: expected a function that imports it';
}
