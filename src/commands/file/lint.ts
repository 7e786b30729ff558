// gwctl file lint: a state file against rules of the user's own.
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { choose, inputFlag, localFlags, openState } from '../../cli/edit-file.ts';
import { readRules } from '../../cli/edit-inputs.ts';
import { outputFlag, writePrivate } from '../../cli/output-file.ts';

export default class FileLint extends BaseCommand {
  static override summary = 'Check a state file against your own rules';
  static override description = `Rules are written as for Spectral:

  rules: {use-https: {given: "$.services[*].protocol", severity: error,
  then: {function: pattern, functionOptions: {match: "^https$"}}}}

The functions are truthy, falsy, defined, undefined, pattern, casing, enumeration, length, schema, alphabetical, or, xor,
typedEnum and unreferencedReusableObject. In a message {{error}}, {{property}}, {{path}}, {{value}} and {{description}} are
filled in. A ruleset may extend others (extends: base.yaml) and give their rules another severity, or off.

Exits 1 when something is as bad as --fail-severity, or worse.`;
  static override examples = [
    '<%= config.bin %> file lint -s gateway.yaml rules.yaml',
    '<%= config.bin %> file lint -s gateway.yaml rules.yaml --fail-severity warn --display-only-failures --format json',
  ];
  static override baseFlags = localFlags;
  static override args = {
    ruleset: Args.string({ required: true, ignoreStdin: true, description: 'file with the rules' }),
  };
  static override flags = {
    ...inputFlag,
    ...outputFlag,
    format: Flags.string({ default: 'plain', helpValue: 'plain|json|yaml', description: 'how findings are written' }),
    'fail-severity': Flags.string({
      char: 'F',
      default: 'error',
      helpValue: 'error|warn|info|hint',
      description: 'least severity that makes the command fail',
    }),
    'display-only-failures': Flags.boolean({ char: 'D', description: 'leave out what is less severe than that' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FileLint);
    this.remember({});
    const format = choose('format', flags.format, ['plain', 'json', 'yaml']);
    const limit = choose('fail-severity', flags['fail-severity'], ['error', 'warn', 'info', 'hint']);
    const rules = await readRules(args.ruleset);
    const tree = await openState(flags.state);
    const [{ isAtLeast, lintTree }, { formatViolations }] = await Promise.all([
      import('../../control/lint/lint.ts'),
      import('../../cli/output/lint-report.ts'),
    ]);
    const found = await lintTree(tree, rules);
    const failures = found.filter(({ severity }) => isAtLeast(severity, limit));
    const shown = flags['display-only-failures'] ? failures : found;
    await writePrivate(flags['output-file'], await formatViolations(shown, failures.length, format));
    if (failures.length > 0) process.exitCode = 1;
  }
}
