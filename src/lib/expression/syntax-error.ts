// How a place in an expression is shown: the line with a mark under it, in the form that users know from Kong.

/** From `start` up to `end`; without `end` only the place. Offsets in characters. */
export interface Place {
  readonly start: number;
  readonly end?: number;
}

export function renderError(text: string, place: Place, reason: string): string {
  const lineStart = text.lastIndexOf('\n', place.start - 1) + 1;
  const lineEnd = text.indexOf('\n', place.start);
  const line = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).replace(/\r$/, '');
  const number = String(text.slice(0, lineStart).split('\n').length);
  const before = [...text.slice(lineStart, place.start)];
  const indent = before.map((char) => (char === '\t' ? char : ' ')).join('');
  const margin = ' '.repeat(number.length);
  return [
    `${margin}--> ${number}:${before.length + 1}`,
    `${margin} |`,
    `${number} | ${line}`,
    `${margin} | ${indent}${markOf(text, place)}`,
    `${margin} |`,
    `${margin} = ${reason}`,
  ].join('\n');
}

function markOf(text: string, { start, end }: Place): string {
  if (end === undefined) return '^---';
  const width = [...text.slice(start, end)].length;
  return width < 2 ? '^' : `^${'-'.repeat(width - 2)}^`;
}

/** `a`, `a or b`, `a, b, or c`. */
export function expected(names: readonly string[]): string {
  if (names.length < 3) return `expected ${names.join(' or ')}`;
  return `expected ${names.slice(0, -1).join(', ')}, or ${names[names.length - 1]}`;
}
