// A look at the text before anything is made of it: what cannot be a state file, and what would cost more memory to read than
// there is, is refused at the price of one pass.

export interface Refusal {
  readonly message: string;
  readonly offset: number;
}

/** More separate values than any configuration has; each takes a hundred bytes and more while it is read. */
const MAX_VALUES = 10_000_000;
/** From this size on a text has to show that it is a state file before it is read. */
const LARGE = 8 * 1024 * 1024;
const MAX_LINE_OF_PLAIN = 16 * 1024 * 1024;

export function scanText(text: string): Refusal | undefined {
  const conflict = /^<<<<<<< /m.exec(text);
  if (conflict !== null && /^>>>>>>> /m.test(text)) {
    return { message: 'a merge conflict is left in the file', offset: conflict.index };
  }
  if (text.length < LARGE) return undefined;
  if (!/^[ \t]*"?_format_version"?[ \t]*:/m.test(text) && !/"_format_version"\s*:/.test(text)) {
    return { message: "this is no state file: it is large and has no '_format_version'", offset: 0 };
  }
  let values = 0;
  let lineStart = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== NEWLINE && code !== COMMA && code !== BRACKET && code !== BRACE) continue;
    if (code === NEWLINE) {
      if (at - lineStart > MAX_LINE_OF_PLAIN && !isJson(text)) {
        return { message: 'the line is too long', offset: lineStart };
      }
      lineStart = at + 1;
    }
    if (++values > MAX_VALUES) return { message: 'the file holds too many values', offset: at };
  }
  if (text.length - lineStart > MAX_LINE_OF_PLAIN && !isJson(text)) {
    return { message: 'the line is too long', offset: lineStart };
  }
  return undefined;
}

const NEWLINE = 10;
const COMMA = 44;
const BRACKET = 91;
const BRACE = 123;

/** JSON stands on one line, however large. */
const isJson = (text: string): boolean => /^\s*\{/.test(text.slice(0, 1000));
