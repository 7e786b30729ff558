// `${{ env "DECK_X" | toInt }}` in the text of a state file. Replacement happens before parsing, as decK does it, so quotes
// around the template decide the type. Nothing but these few words is ever evaluated. Comment lines stay untouched.

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

type Value =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: Omit<TemplateProblem, 'offset'> };

const OPEN = '${{';
const CLOSE = '}}';
const PREFIX = /^(?:DECK|GWCTL)_/;
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);
// biome-ignore lint/suspicious/noTemplateCurlyInString: it shows the syntax of templates
const SYNTAX_HINT = 'Only ${{ env "DECK_NAME" }} is understood, with the pipes toBool, toInt, toFloat and indent N.';

export function renderEnv(text: string, env: Readonly<Record<string, string | undefined>>): Rendered {
  if (!text.includes(OPEN)) return { text, problems: [], values: [], originalOffset: (offset) => offset };
  const parts: string[] = [];
  const segments: Segment[] = [];
  const problems: TemplateProblem[] = [];
  const values = new Set<string>();
  let read = 0;
  let written = 0;
  const copyTo = (end: number): void => {
    parts.push(text.slice(read, end));
    written += end - read;
    read = end;
  };
  for (let at = text.indexOf(OPEN); at >= 0; at = text.indexOf(OPEN, read)) {
    if (isComment(text, at)) {
      const lineEnd = text.indexOf('\n', at);
      copyTo(lineEnd < 0 ? text.length : lineEnd);
      continue;
    }
    copyTo(at);
    const close = text.indexOf(CLOSE, at);
    if (close < 0) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it names the delimiter
      problems.push({ offset: at, message: 'the template ${{ is never closed by }}', hint: SYNTAX_HINT });
      break;
    }
    const value = evaluate(text.slice(at + OPEN.length, close), env);
    if (!value.ok) problems.push({ offset: at, ...value.problem });
    else values.add(value.text);
    const replacement = value.ok ? value.text : '';
    parts.push(replacement);
    read = close + CLOSE.length;
    segments.push({ at: written, end: written + replacement.length, originalAt: at, originalEnd: read });
    written += replacement.length;
  }
  copyTo(text.length);
  return { text: parts.join(''), problems, values: [...values], originalOffset: (offset) => mapBack(segments, offset) };
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

function evaluate(expression: string, env: Readonly<Record<string, string | undefined>>): Value {
  // A `|` inside the quotes of a name is not possible: names are identifiers.
  const [source = '', ...pipes] = expression.split('|').map((part) => part.trim());
  const name = /^env\s+(?:"([^"]*)"|`([^`]*)`)$/.exec(source);
  if (name === null) return fail(`'${source}' is no template this program understands`, SYNTAX_HINT);
  const variable = name[1] ?? name[2] ?? '';
  if (!PREFIX.test(variable)) {
    return fail(
      `environment variable '${variable}' must have a name that begins with DECK_ or GWCTL_`,
      'The prefix keeps a state file from reading whatever else the environment holds.',
    );
  }
  const value = env[variable];
  if (value === undefined) {
    return fail(`environment variable '${variable}' is not set`, `Set it: export ${variable}=...`);
  }
  let result: Value = { ok: true, text: value };
  for (const pipe of pipes) {
    if (!result.ok) return result;
    result = applyPipe(pipe, result.text, variable);
  }
  return result;
}

function applyPipe(pipe: string, text: string, variable: string): Value {
  if (pipe === 'toBool') {
    if (TRUE.has(text)) return { ok: true, text: 'true' };
    return FALSE.has(text) ? { ok: true, text: 'false' } : fail(`the value of '${variable}' is no boolean`);
  }
  if (pipe === 'toInt') {
    return /^[+-]?\d+$/.test(text)
      ? { ok: true, text: BigInt(text.replace('+', '')).toString() }
      : fail(`the value of '${variable}' is no integer`);
  }
  if (pipe === 'toFloat') {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(number)
      ? { ok: true, text: String(number) }
      : fail(`the value of '${variable}' is no number`);
  }
  const indent = /^indent\s+(\d{1,3})$/.exec(pipe);
  if (indent === null) return fail(`'${pipe}' is no pipe this program understands`, SYNTAX_HINT);
  return { ok: true, text: text.replaceAll('\n', `\n${' '.repeat(Number(indent[1]))}`) };
}

const fail = (message: string, hint?: string): Value => ({
  ok: false,
  problem: { message, ...(hint === undefined ? {} : { hint }) },
});
