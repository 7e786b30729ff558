// Values of flags that the command line leaves out: GWCTL_* and DECK_* variables, then ~/.gwctl.yaml and ~/.deck.yaml, or
// the file of --config. One rule for every flag of every command that talks to a gateway, so that none can be forgotten.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../lib/errors.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { type Environment, variableOf } from './connection.ts';

/** What is asked of a flag's definition; the parser's own type says more than is needed here. */
export interface FlagDefinition {
  readonly type: 'boolean' | 'option';
  readonly multiple?: boolean | undefined;
  readonly delimiter?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly parse?: unknown;
}

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

interface Setting {
  readonly value: Json;
  /** For messages: a variable or a file. */
  readonly from: string;
}

export class Settings {
  readonly #env: Environment;
  readonly #files: readonly { readonly path: string; readonly values: JsonObject }[];

  constructor(env: Environment, files: readonly { readonly path: string; readonly values: JsonObject }[]) {
    this.#env = env;
    this.#files = files;
  }

  find(flag: string, definition: FlagDefinition): Setting | undefined {
    const variable = isReportFormat(definition) ? 'GWCTL_FORMAT' : (variableOf(this.#env, flag) ?? '');
    const text = this.#env[variable];
    if (text !== undefined) return { value: text, from: `${variable} in the environment` };
    for (const { path, values } of this.#files) {
      const value = values[flag];
      if (value !== undefined && value !== null) return { value, from: path };
    }
    return undefined;
  }
}

/** DECK_FORMAT is about the files that dump writes; a report in that format would surprise whoever has it set. */
const isReportFormat = ({ options }: FlagDefinition): boolean => options?.includes('human') === true;

/** @param named the value of --config; only a file that is named must exist. */
export async function readSettings(named: string | undefined, env: Environment): Promise<Settings> {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const usual = home === undefined ? [] : [join(home, '.gwctl.yaml'), join(home, '.deck.yaml')].filter(existsSync);
  const paths = named === undefined ? usual : [named];
  return new Settings(
    env,
    await Promise.all(paths.map(async (path) => ({ path, values: await readSettingsFile(path) }))),
  );
}

async function readSettingsFile(path: string): Promise<JsonObject> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GwctlError('E_FILE_READ', `cannot read the config file ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const { parseState } = await import('../control/file/parse.ts');
  const parsed = await parseState(text);
  if (!parsed.ok) throw new GwctlError('E_USAGE', `the config file ${path} cannot be read: ${parsed.message}`);
  if (parsed.value === undefined) return {};
  if (isObject(parsed.value)) return parsed.value;
  throw new GwctlError('E_USAGE', `the config file ${path} must be a mapping of flag names to values`);
}

/** The flags as parsed, with what the settings say of those that are not on the command line. */
export async function fillFlags(
  flags: Readonly<Record<string, unknown>>,
  isGiven: (name: string) => boolean,
  definitions: FlagDefinitions,
  settings: Settings,
): Promise<Record<string, unknown>> {
  const filled: Record<string, unknown> = { ...flags };
  for (const [name, definition] of Object.entries(definitions)) {
    if (isGiven(name)) continue;
    const setting = settings.find(name, definition);
    if (setting === undefined || setting.value === '') continue;
    filled[name] = await convert(name, definition, setting);
  }
  return filled;
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'true', 'yes', 'on']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'false', 'no', 'off']);

async function convert(name: string, definition: FlagDefinition, setting: Setting): Promise<unknown> {
  const { value, from } = setting;
  if (definition.type === 'boolean') {
    const word = String(value).toLowerCase();
    if (TRUE.has(word)) return true;
    if (FALSE.has(word)) return false;
    throw new GwctlError('E_USAGE', `'${String(value)}' is not true or false, for --${name} (${from})`);
  }
  if (definition.multiple !== true) return convertOne(name, definition, String(value), from);
  const items = Array.isArray(value) ? value.map(String) : split(definition, String(value));
  return Promise.all(items.map((item) => convertOne(name, definition, item, from)));
}

/** A flag that takes a comma list takes one here too; of other repeated flags, headers, the next begins with its name. */
const split = (definition: FlagDefinition, text: string): string[] =>
  definition.delimiter === undefined
    ? text.split(/[,\s]+(?=[A-Za-z0-9-]+:)/)
    : text.split(definition.delimiter).map((item) => item.trim());

async function convertOne(name: string, definition: FlagDefinition, text: string, from: string): Promise<unknown> {
  if (definition.options !== undefined && !definition.options.includes(text)) {
    throw new GwctlError('E_USAGE', `'${text}' is no value of --${name} (${from}): ${definition.options.join(', ')}`);
  }
  if (typeof definition.parse !== 'function') return text;
  try {
    return await (definition.parse as (input: string, context: unknown, options: unknown) => Promise<unknown>)(
      text,
      {},
      definition,
    );
  } catch (error) {
    throw new GwctlError('E_USAGE', `'${text}' is no value of --${name} (${from}): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `--skip-consumers=true` of other tools: boolean flags take no value here. */
export function normaliseBooleans(
  argv: readonly string[],
  definitions: FlagDefinitions,
): { argv: string[]; off: ReadonlySet<string> } {
  const kept: string[] = [];
  const off = new Set<string>();
  for (const [i, item] of argv.entries()) {
    if (item === '--') return { argv: [...kept, ...argv.slice(i)], off };
    const match = /^--([a-z][a-z0-9-]*)=(\w+)$/.exec(item);
    const name = match?.[1];
    const word = match?.[2]?.toLowerCase() ?? '';
    if (name === undefined || definitions[name]?.type !== 'boolean' || !(TRUE.has(word) || FALSE.has(word)))
      kept.push(item);
    else if (TRUE.has(word)) kept.push(`--${name}`);
    else off.add(name);
  }
  return { argv: kept, off };
}
