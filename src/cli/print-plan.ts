// A plan that is only shown: what diff prints.
import { type Operation, operationsOf, type PlanSummary } from '../control/plan/plan.ts';
import { formatOperation, formatSummary } from './output/events.ts';
import type { PreparedPlan } from './prepare-plan.ts';
import { createTelling, isLineFormat, type ReportOptions } from './report-options.ts';

export async function printPlan(prepared: PreparedPlan, options: ReportOptions): Promise<void> {
  const { plan, schemas, missingWorkspace, warnings } = prepared;
  const telling = createTelling(schemas, prepared.variables, options);
  const operations = operationsOf(plan).map(telling.hide);
  const { format } = options;
  if (isLineFormat(format)) {
    const lines = options.isSilent ? [] : operations.map((operation) => formatOperation(telling, operation, format));
    const workspace = missingWorkspace === undefined ? [] : [`Creating workspace ${missingWorkspace}`];
    process.stdout.write(`${[...workspace, ...lines, formatSummary(options.theme, plan.summary)].join('\n')}\n`);
    return;
  }
  process.stdout.write(
    await formatDocument(format, { ...telling, operations, warnings, workspace: missingWorkspace, tense: 'planned' }),
  );
}

/** The formats that tell everything at once, at the end. */
export async function formatDocument(
  format: 'markdown' | 'json' | 'yaml',
  input: import('./output/markdown.ts').MarkdownInput,
): Promise<string> {
  if (format === 'markdown') return (await import('./output/markdown.ts')).formatMarkdown(input);
  return (await import('./output/json-report.ts')).formatReport(input, format);
}

export function countOperations(operations: readonly Operation[]): PlanSummary {
  const count = (action: Operation['action']): number => operations.filter((item) => item.action === action).length;
  return { create: count('create'), update: count('update'), delete: count('delete') };
}
