// gwctl file openapi2kong: a state file from an OpenAPI document.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { localFlags, openState, outputFlags, refuse, writeState } from '../../cli/edit-file.ts';
import { selectTagFlag } from '../../cli/flags.ts';

export default class FileOpenapi2kong extends BaseCommand {
  static override summary = 'Make a state file from an OpenAPI document';
  static override description =
    `Reads OpenAPI 3.0 or 3.1, YAML or JSON. Each operation becomes a route, servers become services, and upstreams where
there are several servers. The same document gives the same names and ids on every run.

Extensions on the document, a path or an operation add what OpenAPI has no words for:

  x-kong-name                  name, for what is named after it
  x-kong-tags                  tags (document and operation)
  x-kong-service-defaults      fields of the service; below the document it makes a new service
  x-kong-upstream-defaults     fields of the upstream
  x-kong-route-defaults        fields of the routes
  x-kong-plugin-<name>         a plugin; request-validator fills its schemas from the operation
  x-kong-security-openid-connect   in a security scheme, with --generate-security`;
  static override examples = [
    '<%= config.bin %> file openapi2kong -s openapi.yaml -o gateway.yaml',
    'cat openapi.json | <%= config.bin %> file openapi2kong --select-tag team-a --uuid-base orders',
  ];
  static override baseFlags = localFlags;
  static override flags = {
    spec: Flags.string({
      char: 's',
      default: '-',
      helpValue: 'FILE',
      description: 'OpenAPI document; - for standard input',
    }),
    'uuid-base': Flags.string({
      helpValue: 'NAME',
      description: 'name of the document, from which names and ids are made',
    }),
    ...selectTagFlag,
    'no-id': Flags.boolean({ description: 'write no ids' }),
    'inso-compatible': Flags.boolean({ char: 'i', description: 'name things as Inso does, without ids' }),
    'generate-security': Flags.boolean({ description: 'make openid-connect plugins from security requirements' }),
    'ignore-security-errors': Flags.boolean({
      description: 'pass over security requirements that cannot be converted',
    }),
    'ignore-circular-refs': Flags.boolean({
      description: 'accepted; schemas that refer to themselves are always fine',
    }),
    'skip-route-by-header': Flags.boolean({
      description: 'one route for an operation, also when a required header has a list of values',
    }),
    'reuse-services': Flags.boolean({ description: 'no second service with the same address' }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileOpenapi2kong);
    this.remember({});
    const tree = await openState(flags.spec);
    const [{ convertOpenApi }, { jsonOf, treeOf }] = await Promise.all([
      import('../../control/transform/openapi/convert.ts'),
      import('../../control/transform/tree.ts'),
    ]);
    const converted = convertOpenApi(jsonOf(tree), {
      name: flags['uuid-base'],
      tags: flags['select-tag'],
      style: flags['inso-compatible'] ? 'inso' : 'deck',
      ids: flags['no-id'] ? 'omit' : 'make',
      security: !flags['generate-security'] ? 'off' : flags['ignore-security-errors'] ? 'ignore' : 'report',
      byHeader: flags['skip-route-by-header'] ? 'ignore' : 'split',
      sameServers: flags['reuse-services'] ? 'reuse' : 'repeat',
    });
    if (!converted.ok) return refuse(converted.problems.map((problem) => ({ source: tree.source, ...problem })));
    await writeState(treeOf(tree.source, converted.content, tree.templates), flags);
  }
}
