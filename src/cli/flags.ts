// Flags that several commands share, each written once.
import { Args, Flags } from '@oclif/core';

const GLOBAL = 'GLOBAL';

/** On every command that may talk to a gateway. Each also comes from GWCTL_<NAME> or DECK_<NAME>. */
export const globalFlags = {
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
};

/** Of diff and sync. */
export const planFlags = {
  ...stateFlag,
  ...selectTagFlag,
  ...skipFlags,
  parallelism: Flags.integer({ default: 10, min: 1, helpValue: 'N', description: 'requests at a time' }),
  'json-output': Flags.boolean({ description: 'print one JSON report instead of lines' }),
  'silence-events': Flags.boolean({ description: 'print the summary only' }),
};

/** Names of the kinds that the skip flags leave out. */
export function skippedKinds(flags: {
  'skip-consumers'?: boolean;
  'skip-ca-certificates'?: boolean;
}): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const [name, isSet] of Object.entries(flags)) {
    if (isSet === true && name.startsWith('skip-')) kinds.add(name.slice('skip-'.length).replaceAll('-', '_'));
  }
  return kinds;
}
