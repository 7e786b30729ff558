// Flags that several commands share, each written once.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { foreignGlobalFlags, refusedFlags } from './deck-flags.ts';

const GLOBAL = 'GLOBAL';

/** On every command that may talk to a gateway. Like all flags of these, each also comes from GWCTL_<NAME> or DECK_<NAME>. */
export const globalFlags = {
  config: Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'FILE',
    description: 'file with values of flags, by their names [default: ~/.gwctl.yaml, then ~/.deck.yaml]',
  }),
  'kong-addr': Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'URL',
    description:
      'address of the Admin API [default: http://localhost:8001, env: GWCTL_KONG_ADDR or DECK_KONG_ADDR; every flag of this group has such a pair]',
  }),
  headers: Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'NAME:VALUE',
    multiple: true,
    multipleNonGreedy: true,
    description: 'header sent with every request; may be repeated',
  }),
  'kong-admin-token': Flags.string({ helpGroup: GLOBAL, helpValue: 'TOKEN', description: 'sent as Kong-Admin-Token' }),
  workspace: Flags.string({
    char: 'w',
    helpGroup: GLOBAL,
    helpValue: 'NAME',
    description: 'workspace to work in; beats _workspace of the file',
  }),
  'skip-workspace-crud': Flags.boolean({
    helpGroup: GLOBAL,
    description: 'take it that the workspace exists, and never create it',
  }),
  'kong-cookie-jar-path': Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'FILE',
    description: 'cookies of a session with the Admin API, as curl writes them',
  }),
  'tls-skip-verify': Flags.boolean({ helpGroup: GLOBAL, description: "do not check the Admin API's certificate" }),
  'tls-server-name': Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'NAME',
    description: "name that the Admin API's certificate must have",
  }),
  'ca-cert': Flags.string({
    helpGroup: GLOBAL,
    helpValue: 'PEM',
    description: 'authority to trust instead of those of the system',
  }),
  'ca-cert-file': Flags.string({ helpGroup: GLOBAL, helpValue: 'FILE', description: 'the same, from a file' }),
  'tls-client-cert': Flags.string({ helpGroup: GLOBAL, helpValue: 'PEM', description: 'client certificate' }),
  'tls-client-cert-file': Flags.string({ helpGroup: GLOBAL, helpValue: 'FILE', description: 'the same, from a file' }),
  'tls-client-key': Flags.string({ helpGroup: GLOBAL, helpValue: 'PEM', description: 'key of the client certificate' }),
  'tls-client-key-file': Flags.string({ helpGroup: GLOBAL, helpValue: 'FILE', description: 'the same, from a file' }),
  timeout: Flags.integer({
    helpGroup: GLOBAL,
    helpValue: 'SECONDS',
    min: 1,
    description: 'limit of one request [default: 10]',
  }),
  'no-color': Flags.boolean({
    helpGroup: GLOBAL,
    description: 'no colours, whatever the terminal (NO_COLOR does the same)',
  }),
  verbose: Flags.integer({
    helpGroup: GLOBAL,
    helpValue: 'N',
    description: '1: a line for each request; 2: stack traces of errors too',
  }),
  ...foreignGlobalFlags,
};

/** Standard input is read by the loader, not by the parser of arguments. */
export const stateArgument = Args.string({
  multiple: true,
  ignoreStdin: true,
  description: 'state files, directories, addresses, or - for standard input',
});

export const stateFlag = {
  state: Flags.string({
    char: 's',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'FILE',
    description: 'state file, directory, address, or - for standard input; the same as naming it as an argument',
  }),
};

export const selectTagFlag = {
  'select-tag': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'TAG',
    description: 'only entities with this tag (with all of them, when repeated)',
  }),
};

export const skipFlags = {
  'skip-consumers': Flags.boolean({ description: 'leave consumers and whatever belongs to one alone' }),
  'skip-ca-certificates': Flags.boolean({ description: 'leave CA certificates alone' }),
  'skip-consumers-with-consumer-groups': Flags.boolean({
    description: 'leave alone which consumer is in which consumer group',
  }),
};

export const parallelismFlag = {
  parallelism: Flags.integer({
    helpValue: 'N',
    default: 10,
    description: 'requests at a time',
    parse: async (text) => {
      const count = Number(text);
      if (!/^[+-]?\d+$/.test(text.trim())) throw new Error(`'${text}' is no whole number`);
      if (count < 1) throw new Error(`--parallelism cannot be less than 1, got ${count}`);
      return count;
    },
  }),
};

/** How what is, or would be, done is told. */
export const reportFlags = {
  format: Flags.string({
    options: ['human', 'deck', 'markdown', 'json', 'yaml'],
    helpValue: 'FORMAT',
    description:
      'human: the fields that change; deck: whole entities, as decK prints them; markdown: a comment for a pull request; json, yaml: a report for programs [default: human]',
  }),
  'json-output': Flags.boolean({ description: 'print one JSON report instead of lines, the same as --format json' }),
  'silence-events': Flags.boolean({ description: 'print the summary only' }),
  'no-mask-deck-env-vars-value': Flags.boolean({
    description: 'show values that files took from the environment; secrets stay masked',
  }),
};

export const codeFlags = {
  'warnings-as-errors': Flags.string({
    char: 'E',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'CODE',
    description: 'warnings that count as errors',
  }),
  'errors-as-warnings': Flags.string({
    char: 'W',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'CODE',
    description: 'errors that count as warnings',
  }),
};

/** Of diff, sync and apply. */
export const planFlags = {
  ...stateFlag,
  ...skipFlags,
  ...parallelismFlag,
  ...reportFlags,
  ...codeFlags,
  yes: Flags.boolean({ description: 'answer every question with yes' }),
  ...refusedFlags(
    'rbac-resources-only',
    'consumer-group-policy-overrides',
    'include-plugin-definitions',
    'skip-hash-for-basic-auth',
  ),
};

/** Of the commands that write. */
export const writeFlags = {
  journal: Flags.string({
    helpValue: 'DIR',
    description:
      'folder for the journal of what is done, or off [default: gwctl/journal below $XDG_STATE_HOME or ~/.local/state]',
  }),
  bulk: Flags.boolean({
    allowNo: true,
    description: 'send everything in one call to gateways that take it, all or nothing [default: true]',
  }),
  'db-update-propagation-delay': Flags.integer({
    default: 0,
    min: 0,
    helpValue: 'SECONDS',
    description: 'pause after each group of changes, for databases that are slow to spread them',
  }),
};

/** Of the skip flags: kinds that they leave out, with whatever belongs to one of them. */
const SKIPPED = {
  'skip-consumers': ['consumers', 'consumer_groups'],
  'skip-ca-certificates': ['ca_certificates'],
  'skip-consumers-with-consumer-groups': ['consumer_group_consumers'],
} as const;

export function skippedKinds(flags: { readonly [F in keyof typeof SKIPPED]?: boolean }): ReadonlySet<string> {
  const names = Object.keys(SKIPPED) as (keyof typeof SKIPPED)[];
  return new Set(names.flatMap((name) => (flags[name] === true ? SKIPPED[name] : [])));
}
