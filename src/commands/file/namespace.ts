// gwctl file namespace: routes under a prefix or a host of their own.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  bundledGrammar,
  inputFlag,
  localFlags,
  openState,
  outputFlags,
  selectorFlag,
  writeState,
} from '../../cli/edit-file.ts';
import { GwctlError } from '../../lib/errors.ts';

export default class FileNamespace extends BaseCommand {
  static override summary = 'Put the routes of a state file under a path prefix or a host';
  static override description =
    `Keeps the routes of several APIs apart: two that both have /list become /addressbook/list and /cookbook/list, or are told
apart by their host. Applies to every route, or to those that the selectors find.

The upstream does not see the prefix. Routes with strip_path take it off anyway. Else, when all routes of a service are
placed and the path of the service ends in the prefix, it is taken off there. Else a pre-function plugin does it, which
needs a gateway that runs Lua.`;
  static override examples = [
    '<%= config.bin %> file namespace -s gateway.yaml --path-prefix /addressbook',
    '<%= config.bin %> file namespace -s gateway.yaml --host addressbook.example.com --clear-hosts',
    `<%= config.bin %> file namespace -s gateway.yaml -p /v2 --selector '$..routes[?@.name == "list"]' -o v2.yaml`,
  ];
  static override baseFlags = localFlags;
  static override flags = {
    ...inputFlag,
    ...selectorFlag,
    'path-prefix': Flags.string({
      char: 'p',
      helpValue: 'PATH',
      description: 'prefix for the paths, such as /addressbook',
    }),
    host: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'HOST',
      description: 'host name to add; may be repeated',
    }),
    'clear-hosts': Flags.boolean({ char: 'c', description: 'remove the hosts that are there' }),
    'allow-empty-selectors': Flags.boolean({ description: 'do not fail when the selectors find nothing' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileNamespace);
    this.remember({});
    const { applyNamespace, checkPrefix } = await import('../../control/transform/namespace.ts');
    const { 'path-prefix': pathPrefix, host: hosts = [] } = flags;
    if (pathPrefix === undefined && hosts.length === 0 && !flags['clear-hosts']) {
      throw new GwctlError('E_USAGE', 'pass --path-prefix, --host or both');
    }
    const wrong = pathPrefix === undefined ? undefined : checkPrefix(pathPrefix);
    if (wrong !== undefined) throw new GwctlError('E_USAGE', wrong);
    const tree = await openState(flags.state);
    const { selectNodes } = await import('../../control/transform/select.ts');
    const selected = flags.selector === undefined ? undefined : selectNodes(tree, flags.selector);
    const onHosts = flags['clear-hosts'] ? 'replace' : 'add';
    const placed = applyNamespace(await bundledGrammar(), tree, { pathPrefix, hosts, onHosts }, selected);
    if (!placed.ok && !(placed.reason === 'none' && flags['allow-empty-selectors'])) {
      const hint =
        placed.reason === 'none'
          ? 'Pass --allow-empty-selectors when that is fine.'
          : 'Name with --selector what can be placed: routes that match by paths or hosts.';
      throw new GwctlError('E_USAGE', placed.message, { hint });
    }
    await writeState(tree, flags);
  }
}
