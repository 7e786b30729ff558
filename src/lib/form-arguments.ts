// Query strings and urlencoded forms as byte text, without loss: arguments that are not valid UTF-8 come out as they went
// in. Names are kept in a Map, in order of appearance, so that no name can be mistaken for a property.

/** An argument without `=` is true. */
export type ArgumentValue = string | true;
/** Decoded arguments; repeated ones have several values. */
export type FormArguments = Map<string, ArgumentValue[]>;

const NOTHING: readonly ArgumentValue[] = [];
const ESCAPE = /%([0-9a-fA-F]{2})/g;
const NOT_UNRESERVED = /[^A-Za-z0-9\-._~]/g;
const NOT_A_BYTE = /[^\u0000-\u00ff]/;

/** Undefined when there are more than `max` arguments. */
export function parseArguments(text: string, max = Number.POSITIVE_INFINITY): FormArguments | undefined {
  const parsed: FormArguments = new Map();
  let count = 0;
  for (const [name, value] of fragments(text)) {
    if (++count > max) return undefined;
    const values = parsed.get(name);
    if (values === undefined) parsed.set(name, [value]);
    else values.push(value);
  }
  return parsed;
}

/** All values of one argument, without decoding the others where that can be told. */
export function argumentValues(text: string, name: string): readonly ArgumentValue[] {
  if (text === '' || (!text.includes(name) && !text.includes('%') && !text.includes('+'))) return NOTHING;
  const values: ArgumentValue[] = [];
  for (const [other, value] of fragments(text)) if (other === name) values.push(value);
  return values;
}

/** Without every occurrence of that name, the others encoded anew in their order; the same text when there is none. */
export function withoutArgument(text: string, name: string): string {
  const all = [...fragments(text)];
  const kept = all.filter(([other]) => other !== name);
  return kept.length === all.length ? text : kept.map(([other, value]) => encodeArgument(other, value)).join('&');
}

/** In the order of the map. */
export const formatArguments = (values: FormArguments): string => [...groups(values)].join('&');

/** Encoded arguments sorted as texts; the values of a repeated one stay together and in order. */
export const formatSorted = (values: FormArguments): string => [...groups(values)].sort().join('&');

/** `+` is a space; a broken escape stays as it is. */
export function decodeComponent(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Everything but unreserved characters becomes `%XX`. */
export function encodeComponent(text: string): string {
  const bytes = NOT_A_BYTE.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
  return bytes.replace(NOT_UNRESERVED, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function* fragments(text: string): IterableIterator<readonly [string, ArgumentValue]> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('&', from);
    const part = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    const equals = part.indexOf('=');
    const name = decodeComponent(equals < 0 ? part : part.slice(0, equals));
    if (name !== '') yield [name, equals < 0 ? true : decodeComponent(part.slice(equals + 1))];
  }
}

function* groups(values: FormArguments): IterableIterator<string> {
  for (const [name, list] of values) {
    if (list.length > 0) yield list.map((value) => encodeArgument(name, value)).join('&');
  }
}

const encodeArgument = (name: string, value: ArgumentValue): string =>
  value === true ? encodeComponent(name) : `${encodeComponent(name)}=${encodeComponent(value)}`;
