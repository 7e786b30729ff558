// `{vault://env/my-secret}` in a configuration stands for what the environment variable MY_SECRET holds, and
// `{vault://env/db/password}` for one member of it when it holds JSON. A vault entity gives a prefix of its own to variables
// that begin alike. Values are read when a part of the configuration is put to work, and never written back.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';

export interface VaultReader {
  /** The configuration with its references replaced; throws VaultError for one that leads nowhere. */
  resolve(config: JsonObject): JsonObject;
}

/** Names the reference, never a value. */
export class VaultError extends Error {
  constructor(reference: string, reason: string) {
    super(`${reference} cannot be resolved: ${reason}`);
    this.name = 'VaultError';
  }
}

const REFERENCE = /^\{vault:\/\/([^/?{}]+)\/([^/?{}]+)(?:\/([^/?{}]+))?(?:\?[^{}]*)?\}$/;
const ENVIRONMENT = 'env';

export function createVaultReader(state: () => State, environment: NodeJS.ProcessEnv): VaultReader {
  const read = (text: string): string => {
    const match = REFERENCE.exec(text);
    if (match === null) return text;
    const [, vault = '', resource = '', key] = match;
    const prefix = prefixOf(state(), vault);
    if (prefix === undefined) throw new VaultError(text, `no vault is known as '${vault}'`);
    const variable = (prefix + resource).toUpperCase().replaceAll('-', '_');
    const value = environment[variable];
    if (value === undefined) throw new VaultError(text, `the environment variable ${variable} is not set`);
    return key === undefined ? value : memberOf(value, key, text, variable);
  };
  const walk = (value: Json): Json => {
    if (typeof value === 'string') return value.startsWith('{vault://') ? read(value) : value;
    if (Array.isArray(value)) return value.some(hasReference) ? value.map(walk) : value;
    if (!isObject(value) || !hasReference(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item)]));
  };
  return { resolve: (config) => walk(config) as JsonObject };
}

function hasReference(value: Json): boolean {
  if (typeof value === 'string') return value.startsWith('{vault://');
  if (Array.isArray(value)) return value.some(hasReference);
  return isObject(value) && Object.values(value).some(hasReference);
}

/** What the variables of a vault begin with; undefined when there is no such vault. */
function prefixOf(state: State, vault: string): string | undefined {
  if (vault === ENVIRONMENT) return '';
  const entity: Entity | undefined = state.list('vaults').find((one) => one['prefix'] === vault);
  if (entity?.['name'] !== ENVIRONMENT) return undefined;
  const prefix = (entity['config'] as JsonObject)['prefix'];
  return typeof prefix === 'string' ? prefix : '';
}

function memberOf(value: string, key: string, reference: string, variable: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // The reason would show a part of the secret.
    throw new VaultError(reference, `the environment variable ${variable} holds no JSON`);
  }
  const member = isObject(parsed) && Object.hasOwn(parsed, key) ? parsed[key] : undefined;
  if (typeof member !== 'string') throw new VaultError(reference, `${variable} has no text named '${key}'`);
  return member;
}
