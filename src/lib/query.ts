// Query strings as Kong's plugins see them: repeated arguments as a list, an argument without `=` as true, `+` as a space.

export type QueryValue = string | true | (string | true)[];
export type QueryArguments = Record<string, QueryValue>;

/** Decodes at most `max` arguments; the object has no prototype. */
export function parseQuery(query: string, max = 100): QueryArguments {
  const parsed: QueryArguments = Object.create(null) as QueryArguments;
  if (query === '') return parsed;
  let count = 0;
  for (const part of query.split('&')) {
    if (part === '') continue;
    if (++count > max) break;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (name === '') continue;
    const value = equals < 0 ? true : decode(part.slice(equals + 1));
    const current = parsed[name];
    if (current === undefined) parsed[name] = value;
    else if (Array.isArray(current)) current.push(value);
    else parsed[name] = [current, value];
  }
  return parsed;
}

/** Encoded `k=v` fragments, sorted as texts; the values of a repeated argument stay together and in order. */
export function formatQuery(values: QueryArguments): string {
  const groups = Object.entries(values).map(([name, value]) => {
    const key = encode(name);
    const list = Array.isArray(value) ? value : [value];
    return list.map((item) => (item === true ? key : `${key}=${encode(item)}`)).join('&');
  });
  return groups
    .filter((group) => group !== '')
    .sort()
    .join('&');
}

/** Percent-decodes; a broken escape stays as it is. */
export function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not valid UTF-8 or not a complete escape: decode what is one byte, keep the rest.
    return spaced.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
