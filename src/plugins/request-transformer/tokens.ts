// The words of a template expression. Reads from behind `$(` to the parenthesis that closes it, quotes respected.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { toNumber } from './values.ts';

export type Token =
  | { readonly kind: 'name' | 'symbol'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string; readonly value: string }
  | { readonly kind: 'number'; readonly text: string; readonly value: number };

export type Tokens =
  /** `end` is the position behind the closing parenthesis. */
  | { readonly ok: true; readonly tokens: readonly Token[]; readonly end: number }
  | { readonly ok: false; readonly reason: string };

const MAX_TOKENS = 400;
const TOKEN =
  /\s*(?:([A-Za-z_]\w*)|(0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(\.\.\.|\.\.|==|~=|<=|>=|--|[+\-*/%#.,:()[\]=<>^{};])|(["'])|([\s\S]))/y;

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

export function tokenize(text: string, from: number): Tokens {
  const tokens: Token[] = [];
  const scanner = new RegExp(TOKEN);
  scanner.lastIndex = from;
  for (let depth = 0; ; ) {
    const match = scanner.exec(text);
    if (match === null) return { ok: false, reason: '$( is not closed' };
    const [, name, numeral, symbol, quote, other] = match;
    if (other !== undefined) return { ok: false, reason: `unexpected '${other}'` };
    if (tokens.length === MAX_TOKENS) return { ok: false, reason: 'the expression is too long' };
    if (symbol === ')' && depth === 0) return { ok: true, tokens, end: scanner.lastIndex };
    if (symbol === '(') depth += 1;
    else if (symbol === ')') depth -= 1;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (numeral !== undefined) tokens.push({ kind: 'number', text: numeral, value: toNumber(numeral)! });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else {
      const string = readString(text, scanner.lastIndex, quote!);
      if (!string.ok) return string;
      tokens.push({ kind: 'string', text: 'a string', value: string.value });
      scanner.lastIndex = string.end;
    }
  }
}

function readString(
  text: string,
  from: number,
  quote: string,
): { ok: true; value: string; end: number } | { ok: false; reason: string } {
  let value = '';
  for (let i = from; i < text.length; i++) {
    const char = text[i]!;
    if (char === quote) return { ok: true, value, end: i + 1 };
    if (char !== '\\') {
      // Wide characters are two units; both go to UTF-8 together.
      const whole = String.fromCodePoint(text.codePointAt(i)!);
      value += utf8ToBytes(whole);
      i += whole.length - 1;
      continue;
    }
    const rest = text.slice(i + 1, i + 4);
    const code = /^\d{1,3}/.exec(rest)?.[0] ?? /^x([0-9a-fA-F]{2})/.exec(rest)?.[0];
    if (code === undefined) {
      const next = rest[0] ?? '';
      if (/[A-Zc-eg-mo-qsuw-z]/.test(next)) return { ok: false, reason: `the escape \\${next} is not supported` };
      value += ESCAPES[next] ?? next;
      i += 1;
      continue;
    }
    const byte = code.startsWith('x') ? Number.parseInt(code.slice(1), 16) : Number(code);
    if (byte > 255) return { ok: false, reason: `the escape \\${code} is not a byte` };
    value += String.fromCharCode(byte);
    i += code.length;
  }
  return { ok: false, reason: 'a string is not closed' };
}
