// Three findings that decK names by codes, so that pipelines can make each a warning or an error (-E, -W). Unlike the engines
// below, the command line may know kinds and plugins by name.
import { looksLikeRegex } from '../entities/route-path.ts';
import { GwctlError } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { State } from '../state/state.ts';
import { printableLines } from './output/printable.ts';

export interface CodeFlags {
  readonly 'warnings-as-errors'?: readonly string[] | undefined;
  readonly 'errors-as-warnings'?: readonly string[] | undefined;
}

interface Code {
  readonly severity: 'warning' | 'error';
  /** One text for each finding. */
  readonly find: (state: State) => string[];
}

const MAX_TOLD = 10;

const nameOf = (entity: Entity): string => (typeof entity['name'] === 'string' ? entity['name'] : entity.id);

const plugins = (state: State, name: string): Entity[] =>
  state.list('plugins').filter((plugin) => plugin['name'] === name);

const CODES: Readonly<Record<string, Code>> = {
  'route-regex-path-format': {
    severity: 'warning',
    find: (state) =>
      state.list('routes').flatMap((route) => {
        const paths = Array.isArray(route['paths']) ? route['paths'] : [];
        const found = paths.filter((path) => typeof path === 'string' && !path.startsWith('~') && looksLikeRegex(path));
        return found.map(
          (path) =>
            `route ${nameOf(route)}: the path ${String(path)} looks like a regular expression, which starts with ~`,
        );
      }),
  },
  'rla-consumer-groups-deprecated': {
    severity: 'error',
    find: (state) =>
      plugins(state, 'rate-limiting-advanced')
        .filter(
          ({ config }) =>
            isObject(config) && config['consumer_groups'] !== undefined && config['consumer_groups'] !== null,
        )
        .map(
          (plugin) =>
            `plugin rate-limiting-advanced (${plugin.id}): config.consumer_groups is deprecated; put a plugin on the consumer group`,
        ),
  },
  'oidc-missing-required-config': {
    severity: 'error',
    find: (state) =>
      plugins(state, 'openid-connect')
        .filter(({ config }) => isObject(config) && typeof config['cache_tokens_salt'] !== 'string')
        .map((plugin) => `plugin openid-connect (${plugin.id}): config.cache_tokens_salt is not set`),
  },
};

/** Throws when something found counts as an error; prints and answers what counts as a warning. */
export function judgeCodes(state: State, flags: CodeFlags): string[] {
  const raised = checkNames(flags['warnings-as-errors'] ?? []);
  const lowered = checkNames(flags['errors-as-warnings'] ?? []);
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const [name, { severity, find }] of Object.entries(CODES)) {
    const found = find(state).map((text) => `${text} [${name}]`);
    const isError = raised.has(name) || (severity === 'error' && !lowered.has(name));
    (isError ? errors : warnings).push(...found);
  }
  if (errors.length > 0) {
    throw new GwctlError(
      'E_FILE_INVALID',
      `${errors.length === 1 ? '1 problem' : `${errors.length} problems`} in the state`,
      {
        details: errors.map((text) => `  ${text}`).join('\n'),
      },
    );
  }
  for (const text of warnings.slice(0, MAX_TOLD)) process.stderr.write(`Warning: ${printableLines(text)}\n`);
  if (warnings.length > MAX_TOLD) process.stderr.write(`Warning: ${warnings.length - MAX_TOLD} more like this\n`);
  return warnings;
}

function checkNames(names: readonly string[]): ReadonlySet<string> {
  const known = Object.keys(CODES);
  for (const name of names) {
    if (!known.includes(name)) {
      throw new GwctlError('E_USAGE', `'${name}' is no code of a finding`, { hint: `Known: ${known.join(', ')}.` });
    }
  }
  return new Set(names);
}
