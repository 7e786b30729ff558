// What may stand between `${{` and `}}`: the small part of Go's template language that state files use. Values are texts,
// numbers and booleans; functions are those that decK adds, and Go's own that compare and print. Nothing else is evaluated.
import { isForbiddenKey } from '../../lib/json.ts';

export type Value = string | number | bigint | boolean;

/** Why an expression has no value. */
export class TemplateError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

type Token =
  | { readonly type: 'literal'; readonly value: Value }
  | { readonly type: 'word' | 'sign'; readonly text: string };

const TOKEN =
  /\s+|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])|([A-Za-z_]\w*)|([()|])|(.)/gsy;
const PREFIX = /^(?:DECK|GWCTL)_/;
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);
const MAX_DEPTH = 32;
const SYNTAX_HINT =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it shows the syntax of templates
  'Understood are ${{ env "DECK_NAME" }}, the pipes toBool, toInt, toFloat and indent N, if, else, end, eq, ne, and, or, not, print and printf.';

export const misunderstood = (what: string): TemplateError =>
  new TemplateError(`'${what}' is no template this program understands`, SYNTAX_HINT);

export interface Evaluated {
  readonly value: Value;
  /** Was it made of a variable, which may be a secret? */
  readonly isVariable: boolean;
}

/** The value of `env "DECK_X" | toInt`, `eq (env "DECK_X") "a"` and the like. @throws TemplateError */
export function evaluate(expression: string, env: Env): Evaluated {
  const names: string[] = [];
  const read = (name: string): string => {
    names.push(name);
    return readVariable(name, env);
  };
  try {
    return { value: parse(expression, read), isVariable: names.length > 0 };
  } catch (error) {
    // The value itself is not repeated: it may be a secret.
    if (!(error instanceof WrongValue)) throw error;
    throw new TemplateError(
      `the value of ${names.map((name) => `'${name}'`).join(', ') || 'a text'} is no ${error.wanted}`,
    );
  }
}

type Read = (name: string) => string;

class WrongValue extends Error {
  readonly wanted: string;
  constructor(wanted: string) {
    super();
    this.wanted = wanted;
  }
}

function parse(expression: string, read: Read): Value {
  const tokens = readTokens(expression);
  let at = 0;
  const isSign = (text: string): boolean =>
    tokens[at]?.type === 'sign' && (tokens[at] as { text: string }).text === text;

  const pipeline = (depth: number): Value => {
    if (depth > MAX_DEPTH) throw misunderstood(expression.trim());
    let value = command(depth, []);
    while (isSign('|')) {
      at++;
      value = command(depth, [value]);
    }
    return value;
  };
  /** A function and its arguments, or one operand; what comes through a pipe is the last argument. */
  const command = (depth: number, piped: readonly Value[]): Value => {
    const token = tokens[at];
    if (token?.type !== 'word' || token.text === 'true' || token.text === 'false') {
      const value = operand(depth);
      if (piped.length > 0) throw misunderstood(expression.trim());
      return value;
    }
    at++;
    const args: Value[] = [];
    while (at < tokens.length && !isSign('|') && !isSign(')')) args.push(operand(depth));
    return call(token.text, [...args, ...piped], read, expression);
  };
  const operand = (depth: number): Value => {
    const token = tokens[at++];
    if (token?.type === 'literal') return token.value;
    if (token?.type === 'word' && (token.text === 'true' || token.text === 'false')) return token.text === 'true';
    // A function without arguments cannot stand here: there is none that makes sense.
    if (token?.type !== 'sign' || token.text !== '(') throw misunderstood(expression.trim());
    const value = pipeline(depth + 1);
    if (!isSign(')')) throw misunderstood(expression.trim());
    at++;
    return value;
  };

  const value = pipeline(0);
  if (at < tokens.length) throw misunderstood(expression.trim());
  return value;
}

function readTokens(expression: string): Token[] {
  const tokens: Token[] = [];
  for (const [, quoted, raw, number, word, sign, other] of expression.matchAll(TOKEN)) {
    if (quoted !== undefined) tokens.push({ type: 'literal', value: unquote(quoted) });
    else if (raw !== undefined) tokens.push({ type: 'literal', value: raw });
    else if (number !== undefined) tokens.push({ type: 'literal', value: Number(number) });
    else if (word !== undefined) tokens.push({ type: 'word', text: word });
    else if (sign !== undefined) tokens.push({ type: 'sign', text: sign });
    else if (other !== undefined) throw misunderstood(expression.trim());
  }
  return tokens;
}

function unquote(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };
  return text.replaceAll(/\\(.)/gs, (_, char: string) => {
    const plain = escapes[char];
    if (plain === undefined) throw misunderstood(`\\${char}`);
    return plain;
  });
}

type Call = (args: readonly Value[], read: Read) => Value;

const FUNCTIONS: Readonly<Record<string, { readonly least: number; readonly most: number; readonly run: Call }>> = {
  env: { least: 1, most: 1, run: ([name], read) => read(String(name)) },
  toBool: { least: 1, most: 1, run: ([value]) => toBool(String(value)) },
  toInt: { least: 1, most: 1, run: ([value]) => toInt(String(value)) },
  toFloat: { least: 1, most: 1, run: ([value]) => toFloat(String(value)) },
  indent: { least: 2, most: 2, run: ([depth, text]) => indent(depth!, String(text)) },
  eq: { least: 2, most: 16, run: ([first, ...others]) => others.some((other) => isEqual(first!, other)) },
  ne: { least: 2, most: 2, run: ([a, b]) => !isEqual(a!, b!) },
  not: { least: 1, most: 1, run: ([value]) => !isTrue(value!) },
  and: { least: 1, most: 16, run: (args) => args.find((value) => !isTrue(value)) ?? args.at(-1)! },
  or: { least: 1, most: 16, run: (args) => args.find(isTrue) ?? args.at(-1)! },
  print: { least: 0, most: 16, run: (args) => args.map(String).join('') },
  printf: { least: 1, most: 16, run: ([format, ...args]) => printf(String(format), args) },
};

function call(name: string, args: readonly Value[], read: Read, expression: string): Value {
  const found = isForbiddenKey(name) || !Object.hasOwn(FUNCTIONS, name) ? undefined : FUNCTIONS[name];
  if (found === undefined) throw new TemplateError(`'${name}' is no function this program understands`, SYNTAX_HINT);
  if (args.length < found.least || args.length > found.most) throw misunderstood(expression.trim());
  return found.run(args, read);
}

/** What an `if` takes for true: anything but `false`, 0 and the empty text. */
export const isTrue = (value: Value): boolean => value !== false && value !== '' && value !== 0 && value !== 0n;

function isEqual(a: Value, b: Value): boolean {
  const kind = (value: Value): string => (typeof value === 'bigint' ? 'number' : typeof value);
  if (kind(a) !== kind(b)) {
    throw new TemplateError(`a ${kind(a)} cannot be compared with a ${kind(b)}`, 'toInt and toBool read a variable.');
  }
  // biome-ignore lint/suspicious/noDoubleEquals: a whole number may be a bigint on one side
  return a == b;
}

function readVariable(variable: string, env: Env): string {
  if (!PREFIX.test(variable)) {
    throw new TemplateError(
      `environment variable '${variable}' must have a name that begins with DECK_ or GWCTL_`,
      'The prefix keeps a state file from reading whatever else the environment holds.',
    );
  }
  const value = env[variable];
  if (value === undefined) {
    throw new TemplateError(`environment variable '${variable}' is not set`, `Set it: export ${variable}=...`);
  }
  return value;
}

function toBool(text: string): boolean {
  if (!TRUE.has(text) && !FALSE.has(text)) throw new WrongValue('boolean');
  return TRUE.has(text);
}

function toInt(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new WrongValue('integer');
  return BigInt(text.replace('+', ''));
}

function toFloat(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) throw new WrongValue('number');
  return number;
}

function indent(depth: Value, text: string): string {
  const blanks = Number(depth);
  if (!Number.isInteger(blanks) || blanks < 0 || blanks > 999) throw misunderstood('indent');
  return text.replaceAll('\n', `\n${' '.repeat(blanks)}`);
}

/** `%s`, `%v`, `%d`, `%t`, `%q` and `%%`. */
function printf(format: string, args: readonly Value[]): string {
  let next = 0;
  const text = format.replaceAll(/%(.?)/gs, (_, verb: string) => {
    if (verb === '%') return '%';
    const value = args[next++];
    if (value === undefined || !'svdtq'.includes(verb) || verb === '') throw misunderstood(`printf %${verb}`);
    if (verb === 'd' && typeof value !== 'number' && typeof value !== 'bigint') throw misunderstood('printf %d');
    return verb === 'q' ? JSON.stringify(String(value)) : String(value);
  });
  if (next !== args.length) throw misunderstood('printf');
  return text;
}
