// What is wrong in state files: a problem names a place in what was read; a diagnostic has its line, column and code frame.
// Every problem of every file is gathered before anything is said, and lines that hold secrets are not shown.
import type { SourceText } from './sources.ts';

export type Path = readonly (string | number)[];

export interface Place {
  readonly source: SourceText;
  /** Offset in the original text; when absent, `path` tells the place. */
  readonly offset?: number;
  readonly path?: Path;
  readonly at?: 'key' | 'value';
}

export interface Problem extends Place {
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  /** The text could not be read at all; the slow reader may know better where and why. */
  readonly isSyntax?: boolean;
  /** The other place of a conflict. */
  readonly other?: Place;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based; 0 when the problem is the file itself. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  readonly other?: { readonly file: string; readonly line: number; readonly column: number };
  /** Three lines around the place, with a caret; empty when there is no text. */
  readonly frame: string;
}

export const wholeFile = (source: SourceText, message: string, hint?: string): Problem => ({
  source,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** One diagnostic as text: place and message, frame, then what would be right. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, expected, hint, other, frame } = diagnostic;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const lines = [`${place}: ${diagnostic.severity}: ${message}`];
  if (frame !== '') lines.push(frame);
  if (other !== undefined) lines.push(`  first at: ${other.file}:${other.line}:${other.column}`);
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join('\n');
}

export const compareDiagnostics = (a: Diagnostic, b: Diagnostic): number =>
  compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.message, b.message);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The known name nearest to what was written, when it is near enough to be meant. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Two letters and less resemble everything.
  let bestDistance = written.length < 3 ? 1 : Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours; `limit` when there are at least that many. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 64) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length]!, limit);
}
