// Flags that decK has and this program answers with a sentence or not at all: those of Konnect and of the Enterprise edition
// are refused by name, so that nobody believes they had an effect; those without meaning here are taken and ignored.
import * as Flags from '@oclif/core/flags';
import { GwctlError } from '../lib/errors.ts';

const KONNECT = [
  'konnect-token',
  'konnect-token-file',
  'konnect-addr',
  'konnect-control-plane-name',
  'konnect-runtime-group-name',
] as const;

const text = (what: string) => Flags.string({ hidden: true, description: what });
const mark = (what: string) => Flags.boolean({ hidden: true, description: what });

/** On every command that talks to a gateway. */
export const foreignGlobalFlags = {
  ...(Object.fromEntries(KONNECT.map((name) => [name, text('refused: Konnect is not supported')])) as Record<
    (typeof KONNECT)[number],
    ReturnType<typeof text>
  >),
  analytics: Flags.boolean({ hidden: true, allowNo: true, description: 'taken and ignored: nothing is ever reported' }),
};

const ENTERPRISE = {
  'rbac-resources-only': 'RBAC of the Enterprise edition is not supported',
  'consumer-group-policy-overrides': 'overrides of consumer groups of the Enterprise edition are not supported',
  'include-plugin-definitions': 'plugin definitions of the Enterprise edition are not supported',
  'skip-hash-for-basic-auth': 'it is for Konnect only, which is not supported',
  'konnect-compatibility': 'Konnect is not supported',
} as const;

type EnterpriseFlag = keyof typeof ENTERPRISE;

/** Hidden flags of one command that are refused when they are set. */
export const refusedFlags = <const N extends EnterpriseFlag>(...names: N[]) =>
  Object.fromEntries(names.map((name) => [name, mark(`refused: ${ENTERPRISE[name]}`)])) as Record<
    N,
    ReturnType<typeof mark>
  >;

/** What the command line itself asks for. */
export function refuseForeignFlags(flags: Readonly<Record<string, unknown>>, isGiven: (name: string) => boolean): void {
  for (const name of KONNECT) if (isGiven(name)) throw konnectError(name);
  for (const [name, reason] of Object.entries(ENTERPRISE)) {
    if (flags[name] === true) throw new GwctlError('E_USAGE', `--${name} cannot be used: ${reason}`, { hint: '' });
  }
}

/** A token of Konnect in the environment is a wish only where nobody names a gateway. */
export function refuseKonnect(flags: Readonly<Record<string, unknown>>): void {
  const name = KONNECT.find((item) => flags[item] !== undefined);
  if (name !== undefined && flags['kong-addr'] === undefined) throw konnectError(name);
}

const konnectError = (name: string): GwctlError =>
  new GwctlError('E_USAGE', `--${name} is for Konnect, which is not supported`, {
    hint: 'Name the Admin API of a gateway with --kong-addr.',
  });
