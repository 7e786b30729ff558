// Reads an expression's text into a tree whose literals are still text. Whitespace may stand between any two tokens. The
// surprise in the grammar: `||` binds tighter than `&&`, so `a && b || c` is `a && (b || c)`.
import type { Operator } from './tree.ts';

export type RawLiteral =
  /** `text` has its escapes already resolved. */
  { readonly kind: 'string' | 'cidr' | 'address' | 'int'; readonly text: string };

export interface RawTest {
  readonly kind: 'test';
  readonly field: string;
  /** Outermost first. */
  readonly functions: readonly string[];
  readonly operator: Operator;
  readonly literal: RawLiteral;
  readonly leftPlace: Span;
  readonly rightPlace: Span;
}

export type RawExpression =
  | RawTest
  | { readonly kind: 'and' | 'or'; readonly items: readonly RawExpression[] }
  | { readonly kind: 'not'; readonly item: RawExpression };

interface Span {
  readonly start: number;
  readonly end: number;
}

export type Read =
  | { readonly ok: true; readonly tree: RawExpression }
  | { readonly ok: false; readonly at: number; readonly expected: readonly string[] };

export function readExpression(text: string): Read {
  const reader = new Reader(text);
  try {
    return { ok: true, tree: reader.readAll() };
  } catch (error) {
    if (error instanceof Unexpected) return { ok: false, at: error.at, expected: error.expected };
    throw error;
  }
}

/** Never leaves this file. */
class Unexpected extends Error {
  readonly at: number;
  readonly expected: readonly string[];

  constructor(at: number, expected: readonly string[]) {
    super('unexpected');
    this.at = at;
    this.expected = expected;
  }
}

const MAX_DEPTH = 500;
const BLANK = /[ \t\r\n]*/y;
const IDENTIFIER = /[A-Za-z][A-Za-z0-9_.]*/y;
const OPERATOR = /==|!=|\^=|=\^|~|>=|>|<=|<|in|not[ \t\r\n]*in|contains/y;
const STRING = /"(?:[^"\\]|\\["\\nrt])*/y;
const RAW_STRING = /r#"[\s\S]*?(?="#|$)/y;
const V4 = '[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}';
const V6 = '(?:[0-9a-fA-F]{0,4}:){2,}(?:[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|[0-9a-fA-F]{1,4})?';
const CIDR = new RegExp(`(?:${V6}|${V4})/[0-9]{1,3}`, 'y');
const ADDRESS = new RegExp(`${V6}|${V4}`, 'y');
const INTEGER = /-?(?:0x[0-9a-fA-F]*|0[0-7]+|[0-9]+)/y;

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', r: '\r', t: '\t' };

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): RawExpression {
    this.#skipBlank();
    const tree = this.#conjunction();
    if (this.#at < this.#text.length) throw new Unexpected(this.#at, ['EOI', 'and_op', 'or_op']);
    return tree;
  }

  #conjunction(): RawExpression {
    const items = [this.#disjunction()];
    while (this.#take('&&')) items.push(this.#disjunction());
    return items.length === 1 ? items[0]! : { kind: 'and', items };
  }

  #disjunction(): RawExpression {
    const items = [this.#term()];
    while (this.#take('||')) items.push(this.#term());
    return items.length === 1 ? items[0]! : { kind: 'or', items };
  }

  #term(): RawExpression {
    const start = this.#at;
    const isNegated = this.#take('!');
    if (!this.#take('(')) {
      this.#at = start;
      if (isNegated) throw new Unexpected(start, ['term']);
      return this.#test();
    }
    if (++this.#depth > MAX_DEPTH) throw new Unexpected(start, ['fewer parentheses']);
    const item = this.#conjunction();
    this.#depth -= 1;
    if (!this.#take(')')) throw new Unexpected(this.#at, ['and_op', 'or_op']);
    return isNegated ? { kind: 'not', item } : item;
  }

  #test(): RawTest {
    const start = this.#at;
    const first = this.#match(IDENTIFIER);
    if (first === undefined) throw new Unexpected(start, ['term']);
    const functions: string[] = [];
    let field = first;
    let innermost = start;
    let end = this.#at;
    this.#skipBlank();
    while (this.#take('(')) {
      functions.push(field);
      innermost = this.#at;
      const inner = this.#match(IDENTIFIER);
      if (inner === undefined) throw new Unexpected(this.#at, ['lhs']);
      field = inner;
      end = this.#at;
      this.#skipBlank();
    }
    for (let open = functions.length; open > 0; open--) {
      if (!this.#text.startsWith(')', this.#at)) throw new Unexpected(innermost, ['transform_func']);
      end = this.#at + 1;
      this.#take(')');
    }
    const operator = this.#match(OPERATOR);
    if (operator === undefined) throw new Unexpected(this.#at, ['binary_operator']);
    this.#skipBlank();
    const right = this.#at;
    const literal = this.#literal();
    const rightPlace = { start: right, end: this.#at };
    this.#skipBlank();
    const known = (operator.startsWith('not') ? 'not in' : operator) as Operator;
    return { kind: 'test', field, functions, operator: known, literal, leftPlace: { start, end }, rightPlace };
  }

  #literal(): RawLiteral {
    const string = this.#match(STRING);
    if (string !== undefined) {
      this.#close('"', ['str_char', 'str_esc']);
      return { kind: 'string', text: string.slice(1).replace(/\\(.)/g, (_, char: string) => ESCAPES[char]!) };
    }
    const raw = this.#match(RAW_STRING);
    if (raw !== undefined) {
      this.#close('"#', ['rawstr_char']);
      return { kind: 'string', text: raw.slice(3) };
    }
    const cidr = this.#match(CIDR);
    if (cidr !== undefined) return { kind: 'cidr', text: cidr };
    const address = this.#match(ADDRESS);
    if (address !== undefined) return { kind: 'address', text: address };
    const int = this.#match(INTEGER);
    if (int?.endsWith('0x') === true) throw new Unexpected(this.#at, ['hex_digits']);
    if (int !== undefined) return { kind: 'int', text: int };
    throw new Unexpected(this.#at, ['rhs']);
  }

  /** The end of a string; where it does not stand, more of the string could. */
  #close(quote: string, more: readonly string[]): void {
    if (!this.#text.startsWith(quote, this.#at)) throw new Unexpected(this.#at, more);
    this.#at += quote.length;
  }

  /** A token and the blanks behind it. */
  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    this.#skipBlank();
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipBlank(): void {
    this.#match(BLANK);
  }
}
