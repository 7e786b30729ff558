// JSON strings by the shortest way.

/** A JSON string. Plain ASCII, the common case, needs nothing but its quotes. */
export const quote = (value: string): string => (isPlain(value) ? `"${value}"` : JSON.stringify(value));

/** What stands between the quotes. */
export const quoted = (value: string): string => (isPlain(value) ? value : JSON.stringify(value).slice(1, -1));

function isPlain(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}
