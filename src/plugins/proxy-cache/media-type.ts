// Media types of answers against the configured ones. Parameters must be the same on both sides; `*/*` is everything.

interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function matchesOneOf(configured: readonly string[]): (contentType: string | undefined) => boolean {
  const wanted = configured.map(parse).filter((type) => type !== undefined);
  return (contentType) => {
    const actual = contentType === undefined ? undefined : parse(contentType);
    return actual !== undefined && wanted.some((type) => matches(type, actual));
  };
}

function matches(wanted: MediaType, actual: MediaType): boolean {
  if (wanted.type === '*' && wanted.subtype === '*' && wanted.parameters.size === 0) return true;
  if (wanted.type !== '*' && wanted.type !== actual.type) return false;
  if (wanted.subtype !== '*' && wanted.subtype !== actual.subtype) return false;
  if (wanted.parameters.size !== actual.parameters.size) return false;
  return [...wanted.parameters].every(([name, value]) => actual.parameters.get(name) === value);
}

/** Undefined for what is no media type. */
function parse(text: string): MediaType | undefined {
  const [essence = '', ...rest] = text.split(';');
  const [type = '', subtype = '', extra] = essence.trim().toLowerCase().split('/');
  if (extra !== undefined || !TOKEN.test(type) || !TOKEN.test(subtype)) return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0) return undefined;
    const value = part.slice(equals + 1).trim();
    parameters.set(part.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1').toLowerCase());
  }
  return { type, subtype, parameters };
}
