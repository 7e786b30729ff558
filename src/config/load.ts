// From flags, KONG_* variables and kong.conf to the configuration in effect. A flag wins over the environment, the environment
// over the file, the file over the default; a value that does not fit is an error that names where it came from.
import { GwctlError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Field, InferFields } from '../schema/define.ts';
import { fillRecord } from '../schema/process.ts';
import { validateField } from '../schema/validate-field.ts';
import type { ConfFile } from './conf-file.ts';
import { properties } from './properties.ts';
import { isWithoutMeaning } from './without-meaning.ts';

export type Config = InferFields<typeof properties>;

const PREFIX = 'KONG_';
const HIDDEN = '******';

/** @param flags values of command-line flags by property; undefined ones do not count. */
export function loadConfig(
  flags: Readonly<Record<string, string | undefined>>,
  environment: NodeJS.ProcessEnv,
  file?: ConfFile,
): Config {
  const given: JsonObject = {};
  for (const [name, field] of Object.entries(properties) as [string, Field][]) {
    const variable = PREFIX + name.toUpperCase();
    const written = file?.entries.get(name);
    const text = flags[name] ?? environment[variable] ?? written?.value;
    if (text === undefined) continue;
    const value = parseValue(field, text);
    const wrong = validateField(field, value);
    if (wrong !== undefined) {
      const source =
        flags[name] !== undefined
          ? `--${name.replaceAll('_', '-')}`
          : environment[variable] !== undefined
            ? variable
            : `${file?.path}:${written?.line}: ${name}`;
      throw new GwctlError('E_CONFIG', `${source}: ${typeof wrong === 'string' ? wrong : JSON.stringify(wrong)}`, {
        hint: field.description ?? '',
      });
    }
    given[name] = value;
  }
  return fillRecord(properties, given, undefined) as Config;
}

/** As it may be shown: passwords and keys are starred out. */
export function hideSecrets(config: Config): JsonObject {
  const shown: JsonObject = { ...(config as unknown as JsonObject) };
  for (const [name, field] of Object.entries(properties) as [string, Field][]) {
    const value = shown[name];
    if (field.encrypted !== true || value === null || value === undefined) continue;
    shown[name] = Array.isArray(value) ? value.map(() => HIDDEN) : HIDDEN;
  }
  return shown;
}

/** KONG_* variables that say something about `serve` itself. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['conf']);

/**
 * What an operator should know of names that change nothing, so that a misspelt one is not silently ignored: a sentence for
 * each that is unknown, and one for all that mean something to Kong only.
 */
export function ignoredNames(environment: NodeJS.ProcessEnv, file?: ConfFile): string[] {
  const sentences: string[] = [];
  const meaningless: string[] = [];
  const judge = (name: string, source: string): void => {
    if (Object.hasOwn(properties, name)) return;
    if (isWithoutMeaning(name)) meaningless.push(source);
    else sentences.push(`${source} names no property of this gateway and is ignored`);
  };
  for (const [name, { line }] of file?.entries ?? []) judge(name, `${file?.path}:${line}: ${name}`);
  for (const variable of Object.keys(environment).sort()) {
    const name = variable.startsWith(PREFIX) ? variable.slice(PREFIX.length).toLowerCase() : undefined;
    if (name !== undefined && !OTHER_VARIABLES.has(name)) judge(name, variable);
  }
  if (meaningless.length > 0) sentences.push(`without meaning here, and ignored: ${meaningless.join(', ')}`);
  return sentences;
}

function parseValue(field: Field, text: string): Json {
  switch (field.type) {
    case 'boolean':
      return text === 'on' || text === 'true' ? true : text === 'off' || text === 'false' ? false : text;
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'array':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    default:
      return text;
  }
}
