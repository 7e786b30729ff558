// How a command tells what it does: the format that its flags ask for, the colours, and what has to be hidden.
import type { Operation } from '../control/plan/plan.ts';
import { GwctlError } from '../lib/errors.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { createFingerprint, type Fingerprint } from '../schema/sensitive.ts';
import { createHideVariables } from './output/hide-variables.ts';
import type { Theme } from './theme.ts';

export type ReportFormat = 'human' | 'deck' | 'markdown' | 'json' | 'yaml';

export interface ReportFlags {
  readonly format?: string | undefined;
  readonly 'json-output': boolean;
  readonly 'silence-events': boolean;
  readonly 'no-mask-deck-env-vars-value': boolean;
}

export interface ReportOptions {
  readonly format: ReportFormat;
  readonly isSilent: boolean;
  readonly hidesVariables: boolean;
  readonly theme: Theme;
}

export function chooseReport(flags: ReportFlags, theme: Theme): ReportOptions {
  const format = (flags.format ?? (flags['json-output'] ? 'json' : 'human')) as ReportFormat;
  if (flags['json-output'] && format !== 'json') {
    throw new GwctlError('E_USAGE', `--json-output and --format ${format} ask for two things`);
  }
  return {
    format,
    isSilent: flags['silence-events'],
    hidesVariables: !flags['no-mask-deck-env-vars-value'],
    theme,
  };
}

/** What every printer of operations needs. */
export interface Telling {
  readonly schemas: SchemaSet;
  readonly theme: Theme;
  readonly fingerprint: Fingerprint;
  readonly hide: (operation: Operation) => Operation;
}

export const createTelling = (
  schemas: SchemaSet,
  variables: ReadonlySet<string>,
  { theme, hidesVariables }: ReportOptions,
): Telling => ({
  schemas,
  theme,
  fingerprint: createFingerprint(),
  hide: createHideVariables(hidesVariables ? variables : []),
});

export const isLineFormat = (format: ReportFormat): format is 'human' | 'deck' =>
  format === 'human' || format === 'deck';
