// Tags from a request header: `name=value; name=value`. What is not of that form is left out and told.

export type Tags = readonly (readonly [name: string, value: string])[];

const MAX_TAGS = 100;

export function parseTags(lines: readonly string[]): { readonly tags: Tags; readonly malformed: number } {
  const tags: (readonly [string, string])[] = [];
  let malformed = 0;
  for (const line of lines) {
    for (const part of line.split(';')) {
      const text = part.trim();
      if (text === '') continue;
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(at, 0)).trim();
      const value = text.slice(at + 1).trim();
      if (at < 1 || name === '' || value === '' || tags.length >= MAX_TAGS) malformed += 1;
      else tags.push([name, value]);
    }
  }
  return { tags, malformed };
}
