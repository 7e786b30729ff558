// The Cookie header, read without regular expressions: pairs separated by `;`, names exact.

/** Values of every cookie of that name, in order; empty ones too. Quotes around a value are not part of it. */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (header === undefined || !header.includes(name)) return values;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
    values.push(isQuoted ? value.slice(1, -1) : value);
  }
  return values;
}
