// From flags and KONG_* variables to the configuration in effect. A flag wins over the environment, the environment over
// the default; a value that does not fit is an error that names where it came from.
import { GwctlError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Field, InferFields } from '../schema/define.ts';
import { fillRecord } from '../schema/process.ts';
import { validateField } from '../schema/validate-field.ts';
import { properties } from './properties.ts';

export type Config = InferFields<typeof properties>;

const PREFIX = 'KONG_';
const HIDDEN = '******';

/** @param flags values of command-line flags by property; undefined ones do not count. */
export function loadConfig(
  flags: Readonly<Record<string, string | undefined>>,
  environment: NodeJS.ProcessEnv,
): Config {
  const given: JsonObject = {};
  for (const [name, field] of Object.entries(properties) as [string, Field][]) {
    const variable = PREFIX + name.toUpperCase();
    const text = flags[name] ?? environment[variable];
    if (text === undefined) continue;
    const value = parseValue(field, text);
    const wrong = validateField(field, value);
    if (wrong !== undefined) {
      const source = flags[name] === undefined ? variable : `--${name.replaceAll('_', '-')}`;
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

/** KONG_* variables that name no property of ours, so that a misspelt one is not silently ignored. */
export const unknownVariables = (environment: NodeJS.ProcessEnv): string[] =>
  Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !Object.hasOwn(properties, name.slice(PREFIX.length).toLowerCase()))
    .sort();

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
