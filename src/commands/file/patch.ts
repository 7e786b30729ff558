// gwctl file patch: values set in, or removed from, what selectors find.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { inputFlag, localFlags, openState, outputFlags, selectorFlag, writeState } from '../../cli/edit-file.ts';
import { readPatches } from '../../cli/edit-inputs.ts';
import { GwctlError } from '../../lib/errors.ts';

export default class FilePatch extends BaseCommand {
  static override summary = 'Set or remove values in a state file';
  static override description =
    `Finds mappings by JSONPath and sets keys in them, or removes keys. What to do comes from --selector and --value, or from
patch files, in YAML or JSON:

  _format_version: "1.0"
  patches: [{selectors: ["$.services[*]"], values: {read_timeout: 10000}, remove: [retries]}]

A value is JSON: a text needs its quotes. An empty value removes the key. In a patch file, values may also be a list: it is
appended to every list that the selectors find. Without selectors a patch is about the top of the file.`;
  static override examples = [
    `<%= config.bin %> file patch -s gateway.yaml --selector '$.services[*]' --value 'read_timeout:10000'`,
    `<%= config.bin %> file patch -s gateway.yaml --selector '$..routes[?@.name == "a"]' --value 'hosts:["a.example.com"]'`,
    `<%= config.bin %> file patch -s gateway.yaml --selector '$.services[*]' --value 'retries:'`,
    '<%= config.bin %> file patch -s gateway.yaml -o production.yaml production-patch.yaml',
  ];
  static override baseFlags = localFlags;
  static override args = { file: Args.string({ multiple: true, ignoreStdin: true, description: 'patch files' }) };
  static override flags = {
    ...inputFlag,
    ...selectorFlag,
    value: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KEY:JSON',
      description: 'key and value to set; may be repeated',
    }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FilePatch);
    this.remember({});
    const { applyPatch, parseValues } = await import('../../control/transform/patch.ts');
    const files = args.file ?? [];
    const [selectors, texts] = [flags.selector ?? [], flags.value ?? []];
    if ((selectors.length === 0) !== (texts.length === 0)) {
      throw new GwctlError('E_USAGE', '--selector and --value belong together: one of them is missing');
    }
    if (texts.length > 0 && files.length > 0) {
      throw new GwctlError('E_USAGE', '--selector and --value cannot be combined with patch files');
    }
    if (texts.length === 0 && files.length === 0) throw new GwctlError('E_USAGE', 'there is nothing to patch');
    const parsed = parseValues(texts);
    if (!parsed.ok) {
      throw new GwctlError('E_USAGE', parsed.message, { hint: `A text needs quotes: --value 'name:"orders"'` });
    }
    const { values, remove } = parsed;
    const patches = files.length > 0 ? await readPatches(files) : [{ selectors, values, remove }];
    const tree = await openState(flags.state);
    for (const patch of patches) applyPatch(tree, patch);
    await writeState(tree, flags);
  }
}
