// `${{ env "DECK_X" | toInt }}` and `${{ if … }}` in the text of a state file. Replacement happens before parsing, as decK does
// it, so quotes around the template decide the type. What may stand inside is in template.ts. Comment lines stay untouched.
import { type Env, evaluate, isTrue, misunderstood, TemplateError } from './template.ts';

export interface TemplateProblem {
  /** Offset of the template in the original text. */
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

export interface Rendered {
  readonly text: string;
  readonly problems: readonly TemplateProblem[];
  /** Values of the variables it took, as they stand in the text. */
  readonly values: readonly string[];
  /** Offset in the rendered text → offset in the original. */
  originalOffset(offset: number): number;
}

interface Segment {
  readonly at: number;
  readonly end: number;
  readonly originalAt: number;
  readonly originalEnd: number;
}

const OPEN = '${{';
const CLOSE = '}}';

/** An `if` that is open: is its text taken, was any branch before this one, and was there an `else`? */
interface Branch {
  readonly at: number;
  isTaken: boolean;
  wasTaken: boolean;
  hasElse: boolean;
  /** Does it stand in a text that is left out as a whole? */
  readonly isDead: boolean;
}

export function renderEnv(text: string, env: Env): Rendered {
  if (!text.includes(OPEN)) return { text, problems: [], values: [], originalOffset: (offset) => offset };
  const parts: string[] = [];
  const segments: Segment[] = [];
  const problems: TemplateProblem[] = [];
  const values = new Set<string>();
  const branches: Branch[] = [];
  let read = 0;
  let written = 0;
  const isLive = (): boolean => branches.at(-1)?.isTaken ?? true;
  const copyTo = (end: number): void => {
    if (isLive()) replace(end, text.slice(read, end));
    else replace(end, '');
  };
  const replace = (end: number, replacement: string): void => {
    parts.push(replacement);
    if (replacement.length !== end - read || replacement === '') {
      segments.push({ at: written, end: written + replacement.length, originalAt: read, originalEnd: end });
    }
    written += replacement.length;
    read = end;
  };
  for (let at = text.indexOf(OPEN); at >= 0; at = text.indexOf(OPEN, read)) {
    if (isComment(text, at)) {
      const lineEnd = text.indexOf('\n', at);
      copyTo(lineEnd < 0 ? text.length : lineEnd);
      continue;
    }
    const close = text.indexOf(CLOSE, at);
    if (close < 0) {
      copyTo(at);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it names the delimiter
      problems.push({ offset: at, message: 'the template ${{ is never closed by }}' });
      break;
    }
    const action = readAction(text, at, close);
    copyTo(Math.max(read, action.from));
    if (action.from < at) replace(at, '');
    let replacement = '';
    try {
      replacement = act(action.words, at, branches, env, values);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      problems.push({ offset: at, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    }
    replace(action.to, replacement);
  }
  copyTo(text.length);
  const open = branches.at(-1);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it names the delimiter
  if (open !== undefined) problems.push({ offset: open.at, message: 'the `if` has no ${{ end }}' });
  return { text: parts.join(''), problems, values: [...values], originalOffset: (offset) => mapBack(segments, offset) };
}

/** With `-` at its sides a template takes the blanks around it away. */
function readAction(text: string, at: number, close: number): { words: string; from: number; to: number } {
  const inner = text.slice(at + OPEN.length, close);
  const trimsBefore = /^-\s/.test(inner);
  const trimsAfter = /\s-$/.test(inner);
  const to = close + CLOSE.length;
  return {
    words: inner.slice(trimsBefore ? 1 : 0, trimsAfter ? -1 : undefined).trim(),
    from: trimsBefore ? text.slice(0, at).trimEnd().length : at,
    to: trimsAfter ? to + /^\s*/.exec(text.slice(to))![0].length : to,
  };
}

/** Does what a template says; answers what stands in its place. @throws TemplateError */
function act(words: string, at: number, branches: Branch[], env: Env, values: Set<string>): string {
  const branch = branches.at(-1);
  const isLive = branch?.isTaken ?? true;
  const [, keyword, rest] = /^(if|else if|else|end)\b\s*([\s\S]*)$/.exec(words) ?? [];
  switch (keyword) {
    case undefined:
      break;
    case 'if': {
      const next: Branch = { at, isTaken: false, wasTaken: false, hasElse: false, isDead: !isLive };
      branches.push(next);
      if (isLive) take(next, rest!, env);
      return '';
    }
    case 'else':
    case 'else if':
      if (branch === undefined || branch.hasElse) throw misunderstood(words);
      branch.hasElse = keyword === 'else';
      branch.isTaken = false;
      if (branch.isDead || branch.wasTaken) return '';
      if (keyword === 'else if') take(branch, rest!, env);
      else branch.isTaken = true;
      return '';
    default:
      if (branch === undefined || rest !== '') throw misunderstood(words);
      branches.pop();
      return '';
  }
  if (!isLive || /^\/\*[\s\S]*\*\/$/.test(words)) return '';
  const { value, isVariable } = evaluate(words, env);
  if (isVariable) values.add(String(value));
  return String(value);
}

function take(branch: Branch, condition: string, env: Env): void {
  // Whatever is wrong with the condition, one problem is enough.
  branch.wasTaken = true;
  branch.isTaken = isTrue(evaluate(condition, env).value);
  branch.wasTaken = branch.isTaken;
}

function mapBack(segments: readonly Segment[], offset: number): number {
  let shift = 0;
  for (const { at, end, originalAt, originalEnd } of segments) {
    if (offset < at) break;
    if (offset < end) return originalAt;
    shift = originalEnd - end;
  }
  return offset + shift;
}

function isComment(text: string, at: number): boolean {
  const lineStart = text.lastIndexOf('\n', at) + 1;
  return text.slice(lineStart, at).trimStart().startsWith('#');
}
