// What a ruleset found, for people or for programs. The names of the fields are those that decK writes.
import type { Violation } from '../../control/lint/lint.ts';
import { printable } from './printable.ts';

export async function formatViolations(
  violations: readonly Violation[],
  failures: number,
  format: string,
): Promise<string> {
  if (format === 'plain') return formatPlain(violations, failures);
  const report = {
    fail_count: failures,
    results: violations.map((violation) => ({
      Message: violation.message,
      Severity: violation.severity,
      Line: violation.line,
      Column: violation.column,
      Character: 0,
      Path: violation.given,
      Rule: violation.rule,
      File: violation.file,
      Location: violation.location,
    })),
    total_count: violations.length,
  };
  const { writeStateText } = await import('../../control/file/write.ts');
  return writeStateText(report, format === 'json' ? 'json' : 'yaml');
}

function formatPlain(violations: readonly Violation[], failures: number): string {
  if (violations.length === 0) return '';
  const lines = violations.map(
    ({ severity, line, column, message }) => `[${severity}][${line}:${column}] ${printable(message)}`,
  );
  return [`Linting Violations: ${violations.length}`, `Failures: ${failures}`, '', ...lines, ''].join('\n');
}
