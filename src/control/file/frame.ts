// The lines of a state file around a place, with a caret. A line that belongs to a secret shows its key only: what is
// secret is decided by name, over all encrypted fields of all schemas, so that a text too broken to parse leaks nothing.
import type { Field, Fields } from '../../schema/define.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';

const HIDDEN = '[hidden]';
const MAX_WIDTH = 160;
const MAX_LINE = 4096;
/** How far up a text may begin that a line is part of. */
const MAX_ABOVE = 10_000;

/** 1-based line and column of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: Math.min(offset, text.length) - start + 1 };
}

export function codeFrame(text: string, line: number, column: number, secretNames: ReadonlySet<string>): string {
  // A text may have millions of lines: only those are looked at that can matter.
  const first = Math.max(1, line - 1 - MAX_ABOVE);
  const lines = linesOf(text, first, line + 1);
  const last = first + lines.length - 1;
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = Math.max(1, line - 1); number <= last; number++) {
    const raw = lines[number - first]!.replace(/\r$/, '');
    const content = hideSecrets(lines, number - first, secretNames).slice(0, MAX_WIDTH);
    const marker = number === line ? '>' : ' ';
    shown.push(`${marker} ${String(number).padStart(width)} | ${content}`.trimEnd());
    if (number === line && column <= MAX_WIDTH) {
      const pad = raw.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
      shown.push(`  ${' '.repeat(width)} | ${pad}^`);
    }
  }
  return shown.join('\n');
}

/** The lines from one number to another, or to the end. */
function linesOf(text: string, first: number, last: number): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let number = 1; number <= last; number++) {
    const at = text.indexOf('\n', start);
    const end = at < 0 ? text.length : at;
    // What stands far behind is not shown, and searching it costs time.
    if (number >= first) lines.push(text.slice(start, Math.min(end, start + MAX_LINE)));
    if (at < 0) break;
    start = at + 1;
  }
  return lines;
}

/** Names of all fields that hold secrets, at any depth of any schema. */
export function secretFieldNames(schemas: SchemaSet): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (fields: Fields): void => {
    for (const [name, field] of Object.entries(fields)) if (holdsSecret(field, visit)) names.add(name);
  };
  for (const schema of schemas.entities.values()) {
    visit(schema.fields);
    for (const name of schemas.subschemaNames(schema.name)) visit(schemas.subschema(schema.name, name)!.fields);
  }
  return names;
}

function holdsSecret(field: Field, visit: (fields: Fields) => void): boolean {
  if (field.encrypted === true) return true;
  if (field.type === 'record') visit(field.fields);
  if (field.type === 'array' || field.type === 'set') return holdsSecret(field.elements, visit);
  if (field.type === 'map') return holdsSecret(field.values, visit);
  return false;
}

const KEY = /^(\s*(?:- +)*["']?([A-Za-z_][\w-]*)["']?\s*:)(.*)$/;

function hideSecrets(lines: readonly string[], index: number, names: ReadonlySet<string>): string {
  const line = lines[index]!.replace(/\r$/, '');
  if (isInsideSecret(lines, index, names)) return `${/^\s*/.exec(line)![0]}${HIDDEN}`;
  const own = KEY.exec(line);
  if (own !== null && names.has(own[2]!) && isLiteralValue(own[3]!)) return `${own[1]} ${HIDDEN}`;
  // Flow style and JSON on one line: every later `key: value` pair.
  return hideCollections(line, names).replaceAll(
    /(["']?([A-Za-z_][\w-]*)["']?\s*:\s*)("(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|\$\{\{[^}]*\}\}|[^\s,{}[\]]+)/g,
    (whole, head, name) =>
      names.has(name as string) && isLiteralValue(whole.slice((head as string).length))
        ? `${head as string}${HIDDEN}`
        : whole,
  );
}

/** `headers: {…}` inside a line, up to the bracket that closes it, or to the end. */
function hideCollections(line: string, names: ReadonlySet<string>): string {
  let shown = '';
  let from = 0;
  for (const match of line.matchAll(/["']?([A-Za-z_][\w-]*)["']?\s*:\s*(?=[{[])/g)) {
    if (match.index < from || !names.has(match[1]!)) continue;
    const start = match.index + match[0].length;
    shown += line.slice(from, start) + HIDDEN;
    from = endOfCollection(line, start);
  }
  return shown + line.slice(from);
}

function endOfCollection(line: string, start: number): number {
  let depth = 0;
  for (const token of line.slice(start).matchAll(/"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[{}[\]]/g)) {
    if (/^[{[]/.test(token[0])) depth++;
    else if (/^[}\]]/.test(token[0]) && --depth === 0) return start + token.index + 1;
  }
  return line.length;
}

/** Empty values, block markers, vault references and templates give nothing away. */
function isLiteralValue(value: string): boolean {
  const text = value.trim().replaceAll(/^["']|["'],?$/g, '');
  return !(/^(?:[|>][-+\d]*)?$/.test(text) || text.startsWith('{vault://') || /^\$\{\{[^}]*\}\}$/.test(text));
}

/** Does a less indented line above, up to the top, carry the name of a secret? */
function isInsideSecret(lines: readonly string[], index: number, names: ReadonlySet<string>): boolean {
  let indent = indentOf(lines[index]!);
  for (let i = index - 1; i >= 0 && indent > 0 && index - i < MAX_ABOVE; i--) {
    const line = lines[i]!;
    if (line.trim() === '' || indentOf(line) >= indent) continue;
    indent = indentOf(line);
    const key = KEY.exec(line);
    if (key !== null && names.has(key[2]!) && /^\s*(?:[|>][-+\d]*\s*|["'].*|[{[]\s*)?$/.test(key[3]!)) return true;
  }
  return false;
}

/** Where the content of a line starts; a list dash counts as indentation of what follows it. */
const indentOf = (line: string): number => /^\s*(?:- +)*/.exec(line)![0].length;
